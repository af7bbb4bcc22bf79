import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.serialization.StringSerializer;

/** Asks the Java client itself: reads lines of "PARTITIONS KEY", prints the partition that its default partitioner gives. */
public class Partitions {
    public static void main(String[] args) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (var text = new StringSerializer()) {
            for (String line; (line = lines.readLine()) != null; ) {
                int space = line.indexOf(' ');
                int partitions = Integer.parseInt(line.substring(0, space));
                byte[] key = text.serialize("topic", line.substring(space + 1));
                System.out.println(BuiltInPartitioner.partitionForKey(key, partitions));
            }
        }
    }
}
