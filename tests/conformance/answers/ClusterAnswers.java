import java.util.Map;

/**
 * ApiVersions, DescribeCluster, Metadata, DescribeTopicPartitions, FindCoordinator,
 * InitProducerId.
 */
final class ClusterAnswers {
  private static final String UNKNOWN_ID = "AAECAwQFBgcICQoLDA0ODw";
  private static final String ZERO_ID = "AAAAAAAAAAAAAAAAAAAAAA";

  private ClusterAnswers() {}

  static void add(Map<String, Answers.Scenario> scenarios) {
    scenarios.put("api_versions", ClusterAnswers::apiVersions);
    scenarios.put("describe_cluster", ClusterAnswers::describeCluster);
    scenarios.put("metadata_by_name", ClusterAnswers::metadataByName);
    scenarios.put("metadata_by_id", ClusterAnswers::metadataById);
    scenarios.put("auto_create", ClusterAnswers::autoCreate);
    scenarios.put("describe_topic_partitions", ClusterAnswers::describeTopicPartitions);
    scenarios.put("find_coordinator", ClusterAnswers::findCoordinator);
    scenarios.put("init_producer_id", ClusterAnswers::initProducerId);
  }

  private static void apiVersions(Answers a) {
    a.each("ApiVersions", 0, 2, "{}");
    a.each("ApiVersions", 3, 4, "{clientSoftwareName:'answers',clientSoftwareVersion:'1.0'}");
    a.each("ApiVersions", 3, 4, "{clientSoftwareName:'',clientSoftwareVersion:'1.0'}");
    a.each("ApiVersions", 3, 4, "{clientSoftwareName:'a b',clientSoftwareVersion:'1.0'}");
    a.each("ApiVersions", 3, 4, "{clientSoftwareName:'ok',clientSoftwareVersion:'-1'}");
    a.each("ApiVersions", 5, 6, "{clientSoftwareName:'answers',clientSoftwareVersion:'1.0'}");
  }

  private static void describeCluster(Answers a) {
    a.ask("DescribeCluster", 0, 2, "{}");
    a.ask("DescribeCluster", 0, 2, "{includeClusterAuthorizedOperations:true}");
    for (int type : new int[] {0, 1, 2, 3, -1})
      a.ask("DescribeCluster", 1, 2, "{endpointType:" + type + "}");
    a.ask("DescribeCluster", 2, 2, "{includeFencedBrokers:true}");
  }

  private static void metadataByName(Answers a) {
    String t = a.topic("meta"), other = a.topic("meta2");
    a.create(t, 3);
    a.create(other, 1);
    metadata(a, 0, "topics:[]");
    metadata(a, 1, "topics:null");
    metadata(a, 0, "topics:[{name:'%s'}]", t);
    metadata(a, 0, "topics:[{name:'%s'},{name:'%s'}]", t, other);
    metadata(a, 0, "topics:[{name:'%s'},{name:'%s'}]", t, t);
    metadata(a, 4, "topics:[{name:'%s'},{name:'%s'}]", a.prefix + "unknown", t);
    for (String bad : new String[] {"", ".", "..", "a b", "a/b", "ä", "x".repeat(250)})
      metadata(a, 0, "topics:[{name:'%s'}]", bad);
    metadata(a, 8, "topics:[{name:'%s'}],includeTopicAuthorizedOperations:true", t);
    a.ask("Metadata", 8, 10, "{topics:[],includeClusterAuthorizedOperations:true}");
    metadata(a, 10, "topics:[{name:null}]");
  }

  /** In each version; up to v3 there is no flag that forbids to create what is missing. */
  private static void metadata(Answers a, int from, String fields, Object... args) {
    if (from < 4)
      a.ask("Metadata", from, 3, "{" + fields + "}", args);
    a.ask("Metadata", Math.max(from, 4), 13, "{" + fields + ",allowAutoTopicCreation:false}", args);
  }

  private static void metadataById(Answers a) {
    String t = a.topic("byid");
    Answers.Both id = a.create(t, 2);
    String no = ",allowAutoTopicCreation:false";
    a.ask("Metadata", 10, 13, "{topics:[{topicId:'%s',name:null}]" + no + "}", id);
    a.ask("Metadata", 10, 13, "{topics:[{topicId:'%s',name:'%s'}]" + no + "}", id, t);
    a.ask("Metadata", 12, 13, "{topics:[{topicId:'%s',name:null}]" + no + "}", UNKNOWN_ID);
    a.ask("Metadata", 12, 13,
        "{topics:[{topicId:'%s',name:null},{topicId:'%s',name:null}]" + no + "}", id, UNKNOWN_ID);
    a.ask("Metadata", 12, 13,
        "{topics:[{topicId:'%s',name:null},{topicId:'%s',name:'%s'}]" + no + "}", id, ZERO_ID, t);
    a.ask("Metadata", 10, 13, "{topics:[{topicId:'%s',name:'%s'}]" + no + "}", ZERO_ID, t);
  }

  private static void autoCreate(Answers a) {
    for (int v : new int[] {0, 1, 3, 4, 8, 9, 12, 13}) {
      String t = a.topic("auto" + v);
      a.act("Metadata", v, "{topics:[{name:'%s'}]}", t);
      metadata(a, 13, "topics:[{name:'%s'}]", t);
    }
    a.act("Metadata", 4, "{topics:[{name:'bad name'}]}");
    a.create(a.topic("near.name"), 1);
    a.act("Metadata", 4, "{topics:[{name:'%s'}]}", a.topic("near_name"));
    metadata(a, 13, "topics:[{name:'%s'}]", a.prefix + "near_name");
  }

  private static void describeTopicPartitions(Answers a) {
    String t = a.topic("dtp-a"), u = a.topic("dtp-b");
    a.create(t, 3);
    a.create(u, 2);
    String names = "topics:[{name:'%s'},{name:'%s'}]";
    a.ask("DescribeTopicPartitions", 0, 0, "{topics:[{name:'%s'}]}", t);
    a.ask("DescribeTopicPartitions", 0, 0, "{" + names + "}", u, t);
    a.ask("DescribeTopicPartitions", 0, 0, "{" + names + "}", t, t);
    a.ask("DescribeTopicPartitions", 0, 0, "{" + names + "}", a.prefix + "unknown", t);
    for (String bad : new String[] {"", "a b", "."})
      a.ask("DescribeTopicPartitions", 0, 0, "{topics:[{name:'%s'}]}", bad);
    for (int limit : new int[] {1, 2, 3, 4, 5, 0, -1, 100000})
      a.ask("DescribeTopicPartitions", 0, 0, "{" + names + ",responsePartitionLimit:" + limit + "}",
          t, u);
    for (int p : new int[] {0, 1, 2, 3, 99, -1})
      a.ask("DescribeTopicPartitions", 0, 0,
          "{" + names + ",cursor:{topicName:'%s',partitionIndex:" + p + "}}", t, u, t);
    a.ask("DescribeTopicPartitions", 0, 0,
        "{" + names + ",cursor:{topicName:'%s',partitionIndex:0}}", t, u, u);
    a.ask("DescribeTopicPartitions", 0, 0,
        "{topics:[{name:'%s'}],cursor:{topicName:'%s',partitionIndex:0}}", u, t);
    a.ask("DescribeTopicPartitions", 0, 0,
        "{topics:[{name:'%s'}],cursor:{topicName:'%s',partitionIndex:0}}", t, u);
    a.ask("DescribeTopicPartitions", 0, 0,
        "{" + names + ",responsePartitionLimit:2,cursor:{topicName:'%s',partitionIndex:2}}", t, u,
        t);
  }

  private static void findCoordinator(Answers a) {
    for (int type = 0; type <= 1; type++) {
      a.ask("FindCoordinator", type, 3, "{key:'%s',keyType:" + type + "}", a.prefix + "g");
      a.ask(
          "FindCoordinator", 4, 6, "{coordinatorKeys:['%s'],keyType:" + type + "}", a.prefix + "g");
    }
    a.ask("FindCoordinator", 4, 6, "{coordinatorKeys:[],keyType:0}");
    a.ask("FindCoordinator", 4, 6, "{coordinatorKeys:['%s','%s'],keyType:0}", a.prefix + "g",
        a.prefix + "h");
    a.ask("FindCoordinator", 1, 3, "{key:'%s',keyType:7}", a.prefix + "g");
    a.ask("FindCoordinator", 4, 6, "{coordinatorKeys:['%s'],keyType:7}", a.prefix + "g");
    a.ask("FindCoordinator", 4, 6, "{coordinatorKeys:['%s'],keyType:2}", a.prefix + "g");
    a.ask("FindCoordinator", 4, 6, "{coordinatorKeys:[''],keyType:0}");
  }

  private static void initProducerId(Answers a) {
    // A broker just started may have no block of ids yet.
    a.ask("InitProducerId", 0, 5, "{transactionalId:null,transactionTimeoutMs:60000}");
    a.each("InitProducerId", 0, 5, "{transactionalId:null,transactionTimeoutMs:0}");
    a.each("InitProducerId", 0, 5, "{transactionalId:null,transactionTimeoutMs:-1}");
    a.each("InitProducerId", 0, 5, "{transactionalId:'',transactionTimeoutMs:60000}");
    a.each("InitProducerId", 3, 5, "{transactionalId:null,producerId:7,producerEpoch:-1}");
    a.each("InitProducerId", 3, 5, "{transactionalId:null,producerId:-1,producerEpoch:3}");
    a.each("InitProducerId", 3, 5, "{transactionalId:null,producerId:7,producerEpoch:3}");
    a.each("InitProducerId", 3, 5, "{transactionalId:null,producerId:7,producerEpoch:32766}");
  }
}
