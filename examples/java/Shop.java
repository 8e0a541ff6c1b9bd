import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A shop's server in Java: sends an event, shows the prompt that it causes, says so.
 *
 * <pre>mvn -q dependency:copy-dependencies
 * BOOTSTRAP=127.0.0.1:9092 java -cp 'jars/*' Shop.java</pre>
 *
 * goeswith knows what goes with bread once it has seen a few baskets: run ../producer.py first.
 * Needs Apache Kafka: the demo's broker in memory does not answer Java's client (said after 15 s).
 */
public class Shop {
  static final String PREFIX = System.getenv().getOrDefault("PREFIX", "goeswith");
  static final String BOOTSTRAP = System.getenv().getOrDefault("BOOTSTRAP", "127.0.0.1:9092");
  static final String SESSION = System.getenv().getOrDefault("SESSION", UUID.randomUUID() + "");
  static final Duration PATIENCE = Duration.ofSeconds(30);
  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> { // and the exit code is 1
      System.err.println(BOOTSTRAP + ": " + error.getMessage());
    });
    Map<String, Object> reached =
        Map.of("bootstrap.servers", BOOTSTRAP, "acks", "all", "max.block.ms", 15_000);
    Map<String, Object> reading = Map.of("bootstrap.servers", BOOTSTRAP,
        "isolation.level", "read_committed", "default.api.timeout.ms", 15_000);
    try (var producer =
            new KafkaProducer<>(reached, new StringSerializer(), new StringSerializer());
        var consumer =
            new KafkaConsumer<>(reading, new StringDeserializer(), new StringDeserializer())) {
      var parts = consumer.partitionsFor(PREFIX + ".prompts").stream()
          .map(part -> new TopicPartition(part.topic(), part.partition())).toList();
      consumer.assign(parts);
      consumer.seekToEnd(parts);
      parts.forEach(consumer::position); // asked now: the end is that of before the event
      var bread = JSON.createObjectNode().put("type", "item_added").put("item_id", "bread");
      send(producer, bread.put("price_minor", 249).put("currency", "EUR"));
      JsonNode prompt = firstPrompt(consumer);
      var items = prompt.get("items").findValuesAsText("item_id");
      System.out.printf("%s: %s (%s)%n", prompt.get("anchor").asText(),
          String.join(", ", items), prompt.get("reason").get("text").asText());
      var shown = JSON.createObjectNode().put("type", "prompt_shown"); // or nothing is learned
      send(producer, shown.put("receipt", prompt.get("receipt").asText()));
    }
  }

  /** The key is the visit: its events stay in order, on the partition of Java's own partitioner. */
  static void send(KafkaProducer<String, String> producer, ObjectNode event) throws Exception {
    event.put("schema_version", 2).put("event_id", UUID.randomUUID().toString())
        .put("session_id", SESSION).put("occurred_at_ms", System.currentTimeMillis());
    var record = new ProducerRecord<>(PREFIX + ".events", SESSION, event.toString());
    int partition = producer.send(record).get().partition();
    System.out.printf("sent %s to partition %d%n", event.get("type").asText(), partition);
  }

  /** A real one reads on, for all sessions, and hides what a prompt_withdrawn names. */
  static JsonNode firstPrompt(KafkaConsumer<String, String> consumer) throws Exception {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < until) {
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
        JsonNode said = JSON.readTree(record.value());
        boolean alive = said.path("expires_at_ms").asLong() > System.currentTimeMillis();
        if (SESSION.equals(record.key()) && alive) return said;
      }
    }
    throw new IllegalStateException("no prompt came");
  }
}
