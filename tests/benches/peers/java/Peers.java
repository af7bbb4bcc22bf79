import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.confluent.parallelconsumer.ParallelConsumerOptions;
import io.confluent.parallelconsumer.ParallelConsumerOptions.CommitMode;
import io.confluent.parallelconsumer.ParallelConsumerOptions.ProcessingOrder;
import io.confluent.parallelconsumer.ParallelStreamProcessor;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;

/**
 * Consumers of the Java world, on the events that ours is measured with: each reads the body into a typed event, looks at the
 * headers, and commits.
 *
 * <pre>Peers PEER BROKERS TOPIC GROUP EVENTS CONCURRENCY SLEEP_MS</pre>
 *
 * PEER is "spring" (batch acknowledgement) or "parallel" (Parallel Consumer, ordered by key). Consumes everything twice, the first
 * time for the compiler of the JVM to see it, and prints the seconds from the first event to the last of the second time.
 */
public class Peers {
    record Event(String evento_id, String evento_tipo, String evento_version, String timestamp, String origen, Datos datos,
            Metadata metadata) {}

    record Datos(long caso_id, String numero_caso, long ciudadano_id, long categoria_id, long dependencia_id, Long canal_atencion_id,
            String titulo, Estado estado, Prioridad prioridad, String fecha_creacion, Ubicacion ubicacion) {}

    enum Estado { PENDIENTE }

    enum Prioridad { BAJA, MEDIA, ALTA, URGENTE }

    record Ubicacion(Double lat, Double lng, String direccion, String barrio) {}

    record Metadata(String request_id, Long usuario_id, String ip_address, String user_agent) {}

    static final ObjectReader READER = new ObjectMapper()
            .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
            .readerFor(Event.class);

    static final AtomicLong BYTES = new AtomicLong();
    static final AtomicLong FIRST = new AtomicLong();
    static final AtomicLong LAST = new AtomicLong();
    static final AtomicInteger HANDLED = new AtomicInteger();
    static CountDownLatch done;
    static int events;
    static long sleep;

    public static void main(String[] args) throws Exception {
        events = Integer.parseInt(args[4]);
        sleep = Long.parseLong(args[6]);
        consume(args, "warming");
        System.out.println(consume(args, "measured"));
        System.exit(0);
    }

    static double consume(String[] args, String round) throws InterruptedException {
        var settings = new HashMap<String, Object>();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, args[1]);
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, args[3] + "." + round);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 2000);
        settings.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, 4 << 20);
        FIRST.set(0);
        HANDLED.set(0);
        done = new CountDownLatch(1);
        var concurrency = Integer.parseInt(args[5]);
        Runnable stop = switch (args[0]) {
            case "spring" -> spring(settings, args[2], concurrency);
            case "parallel" -> parallel(settings, args[2], concurrency);
            default -> throw new IllegalArgumentException(args[0]);
        };
        done.await();
        stop.run(); // commits what is left
        return (LAST.get() - FIRST.get()) / 1e9;
    }

    static Runnable spring(Map<String, Object> settings, String topic, int concurrency) {
        var properties = new ContainerProperties(topic);
        properties.setAckMode(ContainerProperties.AckMode.BATCH);
        properties.setMessageListener((BatchMessageListener<byte[], byte[]>) Peers::handleAll);
        var container = new ConcurrentMessageListenerContainer<byte[], byte[]>(
                new DefaultKafkaConsumerFactory<>(settings), properties);
        container.setConcurrency(concurrency);
        container.start();
        return container::stop;
    }

    static Runnable parallel(Map<String, Object> settings, String topic, int concurrency) {
        var processor = ParallelStreamProcessor.createEosStreamProcessor(ParallelConsumerOptions.<byte[], byte[]>builder()
                .ordering(ProcessingOrder.KEY)
                .maxConcurrency(concurrency)
                .commitMode(CommitMode.PERIODIC_CONSUMER_ASYNCHRONOUS)
                .consumer(new KafkaConsumer<>(settings))
                .build());
        processor.subscribe(Set.of(topic));
        processor.poll(context -> handle(context.getSingleConsumerRecord()));
        return () -> processor.closeDrainFirst(Duration.ofSeconds(30));
    }

    static void handleAll(List<ConsumerRecord<byte[], byte[]>> records) {
        for (var record : records) {
            handle(record);
        }
    }

    static void handle(ConsumerRecord<byte[], byte[]> record) {
        if (FIRST.get() == 0) {
            FIRST.compareAndSet(0, System.nanoTime());
        }
        try {
            Event event = READER.readValue(record.value());
            long bytes = event.evento_id().length();
            for (Header header : record.headers()) {
                bytes += new String(header.value(), StandardCharsets.UTF_8).length();
            }
            BYTES.addAndGet(bytes);
            if (sleep > 0) {
                Thread.sleep(sleep);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        } catch (InterruptedException error) {
            throw new IllegalStateException(error);
        }
        if (HANDLED.incrementAndGet() == events) {
            LAST.set(System.nanoTime());
            done.countDown();
        }
    }
}
