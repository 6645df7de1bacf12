import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.server.config.ConfigSynonym;
import org.apache.kafka.server.config.ServerTopicConfigSynonyms;

/**
 * What Kafka itself knows about settings.
 *   table                one line for every setting: the facts that options.def must repeat
 *   values               standard input: "scope name text"; prints what each text is read as
 *   describe BOOTSTRAP   creates a topic, prints what DescribeConfigs answers for it and the broker
 */
public class ConfigOracle {
    private static final Map<String, ConfigDef> SCOPES = new TreeMap<>(Map.of(
        "broker", kafka.server.KafkaConfig.configDef(),
        "topic", org.apache.kafka.storage.internals.log.LogConfig.configDefCopy(),
        "group", org.apache.kafka.coordinator.group.GroupConfig.configDef(),
        "client-metrics", org.apache.kafka.server.metrics.ClientMetricsConfigs.configDef()));

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "table" -> table();
            case "values" -> values();
            case "describe" -> describe(arguments[1]);
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        // Kafka's classes start threads that would keep the process alive.
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static void table() {
        Map<String, String> modes = 
            kafka.server.DynamicBrokerConfig$.MODULE$.dynamicConfigUpdateModes();
        SCOPES.forEach((scope, definitions) -> {
            for (ConfigDef.ConfigKey key : definitions.configKeys().values()) {
                String mode = scope.equals("broker") ? modes.getOrDefault(key.name, "read-only") : "-";
                System.out.println(String.join("\t", scope, key.name, key.type.toString(),
                    defaultOf(scope, key), mode,
                    scope.equals("broker") ? key.importance.toString() : "-",
                    key.internalConfig ? "hidden" : "-", synonymsOf(scope, key.name)));
            }
        });
    }

    private static String defaultOf(String scope, ConfigDef.ConfigKey key) {
        if (!key.hasDefault()) return "(required)";
        String text = ConfigDef.convertToString(key.defaultValue, key.type);
        return text == null ? "(null)" : text;
    }

    private static String synonymsOf(String scope, String name) {
        List<ConfigSynonym> synonyms = scope.equals("topic")
            ? ServerTopicConfigSynonyms.ALL_TOPIC_CONFIG_SYNONYMS.get(name) : null;
        if (synonyms == null) return "-";
        List<String> parts = new ArrayList<>();
        for (ConfigSynonym synonym : synonyms) {
            String one = synonym.converter().apply("1");
            parts.add(synonym.name() + "*" + one);
        }
        return String.join("|", parts);
    }

    private static void values() throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] parts = line.split("\t", 3);
            ConfigDef.ConfigKey key = SCOPES.get(parts[0]).configKeys().get(parts[1]);
            String result;
            try {
                Object value = ConfigDef.parseType(key.name, parts[2], key.type);
                if (key.validator != null) key.validator.ensureValid(key.name, value);
                result = "= " + ConfigDef.convertToString(value, key.type);
            } catch (RuntimeException refused) {
                result = "refused";
            }
            System.out.println(line + "\t" + result);
        }
    }

    private static void describe(String bootstrap) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("bootstrap.servers", bootstrap);
        try (Admin admin = Admin.create(properties)) {
            NewTopic topic = new NewTopic("described", Optional.of(1), Optional.empty());
            topic.configs(Map.of("segment.bytes", "3000000", "cleanup.policy", "compact,delete"));
            admin.createTopics(List.of(topic)).all().get();
            String node = admin.describeCluster().nodes().get().iterator().next().idString();
            print(admin, ConfigResource.Type.TOPIC, "described");
            print(admin, ConfigResource.Type.BROKER, node);
        }
    }

    private static void print(Admin admin, ConfigResource.Type type, String name) throws Exception {
        ConfigResource resource = new ConfigResource(type, name);
        DescribeConfigsOptions options =
            new DescribeConfigsOptions().includeSynonyms(true).includeDocumentation(true);
        TreeSet<String> lines = new TreeSet<>();
        for (ConfigEntry entry
             : admin.describeConfigs(List.of(resource), options).all().get().get(resource).entries()) {
            List<String> synonyms = new ArrayList<>();
            for (ConfigEntry.ConfigSynonym synonym : entry.synonyms()) {
                synonyms.add(synonym.name() + "=" + synonym.value() + "@" + synonym.source());
            }
            lines.add(String.join("\t", type.toString(), entry.name(), String.valueOf(entry.value()),
                entry.source().toString(), entry.type().toString(),
                entry.isReadOnly() ? "read-only" : "-", entry.isSensitive() ? "sensitive" : "-",
                String.valueOf(entry.documentation() != null && !entry.documentation().isEmpty()),
                String.join(" ", synonyms)));
        }
        lines.forEach(System.out::println);
    }
}
