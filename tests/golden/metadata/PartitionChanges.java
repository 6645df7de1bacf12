// Asks Kafka's PartitionChangeBuilder what random changes of random partitions lead to, and prints
// questions and answers for tests/unit/replication/metadata/partition_change_test.cc:
//
//   java -cp "$KAFKA_LIBS/*" PartitionChanges.java 2000 >partition_changes.txt
//
// One case a line, fields separated by blanks, lists by commas, "-" for an empty list:
//   partition:  replicas isr elr last_known_elr adding removing leader recovering
//   target:     isr replicas adding removing recovering
//   rules:      election unclean_shutdown min_isr has_elr alive
//   answer:     "none", or the same eight fields as of the partition and by how much the leader
//               epoch grows
import java.util.*;
import java.util.stream.*;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metadata.PartitionChangeRecord;
import org.apache.kafka.controller.PartitionChangeBuilder;
import org.apache.kafka.metadata.*;
import org.apache.kafka.server.common.MetadataVersion;

public class PartitionChanges {
    static final Random random = new Random(42);
    static final Uuid DIRECTORY = new Uuid(7, 7000);

    static List<Integer> some(List<Integer> from, double share) {
        return from.stream().filter(id -> random.nextDouble() < share).collect(Collectors.toList());
    }
    static List<Integer> shuffled(List<Integer> ids) {
        List<Integer> list = new ArrayList<>(ids);
        Collections.shuffle(list, random);
        return list;
    }
    static List<Integer> without(List<Integer> ids, Collection<Integer> others) {
        return ids.stream().filter(id -> !others.contains(id)).collect(Collectors.toList());
    }
    static int[] array(List<Integer> ids) {
        return ids.stream().mapToInt(id -> id).toArray();
    }
    static String text(List<Integer> ids) {
        if (ids.isEmpty()) return "-";
        return ids.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
    static String text(PartitionRegistration p) {
        return Stream.of(p.replicas, p.isr, p.elr, p.lastKnownElr, p.addingReplicas,
                         p.removingReplicas)
                   .map(ids -> text(Replicas.toList(ids)))
                   .collect(Collectors.joining(" ")) +
            " " + p.leader + " " +
            (p.leaderRecoveryState == LeaderRecoveryState.RECOVERING ? 1 : 0);
    }

    // One that can come about: in sync are replicas, a leader is in sync, nobody is eligible while
    // the minimum is kept.
    static PartitionRegistration partition(int minIsr, boolean hasElr) {
        List<Integer> all = shuffled(List.of(1, 2, 3, 4, 5, 6));
        List<Integer> replicas = all.subList(0, 1 + random.nextInt(4));
        List<Integer> isr = shuffled(some(replicas, 0.6));
        if (!hasElr && isr.isEmpty()) isr = replicas.subList(0, 1);
        List<Integer> elr = List.of();
        List<Integer> lastKnown = List.of();
        int leader = -1;
        if (!isr.isEmpty() && random.nextInt(5) != 0) leader = isr.get(random.nextInt(isr.size()));
        if (hasElr && isr.size() < minIsr) {
            elr = without(some(replicas, 0.5), isr).stream().sorted().collect(Collectors.toList());
        }
        if (hasElr && isr.isEmpty() && random.nextInt(4) != 0) {
            lastKnown = List.of(replicas.get(random.nextInt(replicas.size())));
        }
        List<Integer> adding = List.of();
        List<Integer> removing = List.of();
        if (replicas.size() > 1 && random.nextInt(3) == 0) {
            adding = some(replicas, 0.4);
            removing = some(without(replicas, adding), 0.4);
            if (removing.size() == replicas.size()) removing = List.of();
        }
        Uuid[] directories = new Uuid[replicas.size()];
        Arrays.fill(directories, DIRECTORY);
        return new PartitionRegistration.Builder()
            .setReplicas(array(replicas)).setDirectories(directories).setIsr(array(isr))
            .setElr(array(elr)).setLastKnownElr(array(lastKnown)).setAddingReplicas(array(adding))
            .setRemovingReplicas(array(removing)).setLeader(leader)
            .setLeaderRecoveryState(leader >= 0 && isr.size() == 1 && random.nextInt(6) == 0
                                        ? LeaderRecoveryState.RECOVERING
                                        : LeaderRecoveryState.RECOVERED)
            .setLeaderEpoch(5).setPartitionEpoch(10).build();
    }

    public static void main(String[] arguments) {
        for (int left = Integer.parseInt(arguments[0]); left > 0; --left) ask();
    }

    static void ask() {
        boolean hasElr = random.nextInt(3) != 0;
        int minIsr = 1 + random.nextInt(3);
        PartitionRegistration before = partition(minIsr, hasElr);
        List<Integer> replicas = Replicas.toList(before.replicas);
        List<Integer> isr = Replicas.toList(before.isr);
        List<Integer> adding = Replicas.toList(before.addingReplicas);
        List<Integer> removing = Replicas.toList(before.removingReplicas);
        minIsr = Math.min(minIsr, replicas.size());
        Set<Integer> alive = new TreeSet<>(some(List.of(1, 2, 3, 4, 5, 6), 0.6));
        int unclean = -1;
        LeaderRecoveryState recovery = before.leaderRecoveryState;
        switch (random.nextInt(5)) {
            case 0:  // another ISR, as a leader proposes it
                if (before.leader < 0) break;
                alive.add(before.leader);
                isr = some(replicas, 0.6);
                if (!isr.contains(before.leader)) isr.add(before.leader);
                recovery = LeaderRecoveryState.RECOVERED;
                break;
            case 1:  // a broker leaves
            case 2: {
                int gone = replicas.get(random.nextInt(replicas.size()));
                isr = without(isr, List.of(gone));
                alive.remove(gone);
                if (random.nextInt(2) == 0) unclean = gone;
                break;
            }
            case 3: {  // other replicas are wanted
                List<Integer> target = shuffled(List.of(1, 2, 3, 4, 5, 6))
                                           .subList(0, 1 + random.nextInt(3));
                adding = without(target, replicas).stream().sorted().collect(Collectors.toList());
                removing = without(replicas, target).stream().sorted().collect(Collectors.toList());
                replicas = new ArrayList<>(target);
                replicas.addAll(removing);
                break;
            }
            default:  // an election only
        }
        PartitionChangeBuilder.Election election =
            PartitionChangeBuilder.Election.values()[random.nextInt(3)];
        String question = text(before) + " " + text(isr) + " " + text(replicas) + " " +
            text(adding) + " " + text(removing) + " " +
            (recovery == LeaderRecoveryState.RECOVERING ? 1 : 0) + " " +
            election.name().toLowerCase(Locale.ROOT) + " " + unclean + " " + minIsr + " " +
            (hasElr ? 1 : 0) + " " + text(new ArrayList<>(alive));
        PartitionChangeBuilder builder = new PartitionChangeBuilder(
            before, new Uuid(1, 1), 0, alive::contains, MetadataVersion.fromFeatureLevel((short) 29),
            minIsr);
        builder.setTargetIsr(isr).setTargetReplicas(replicas).setTargetAdding(adding)
            .setTargetRemoving(removing).setTargetLeaderRecoveryState(recovery)
            .setElection(election).setEligibleLeaderReplicasEnabled(hasElr)
            .setDefaultDirProvider(id -> DIRECTORY);
        if (unclean >= 0) builder.setUncleanShutdownReplicas(List.of(unclean));
        String answer = "none";
        var record = builder.build();
        if (record.isPresent()) {
            PartitionRegistration after =
                before.merge((PartitionChangeRecord) record.get().message());
            answer = text(after) + " " + (after.leaderEpoch - before.leaderEpoch);
        }
        System.out.println(question + " = " + answer);
    }
}
