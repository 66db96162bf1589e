"""Reads a topic from start to end, as any subscriber would, and prints one JSON object a record.

Knows nothing of this project: librdkafka as the client, the schema registry for the meaning of the bytes.

Usage: stranger.py BROKERS REGISTRY_URL TOPIC
"""

import json
import sys

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

PATIENCE_SECONDS = 30


def records(brokers, registry_url, topic):
    """Yields every record that is in the topic now, partition by partition."""
    decode = AvroDeserializer(SchemaRegistryClient({"url": registry_url}))
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "a-stranger", "enable.auto.commit": False})
    try:
        for partition in consumer.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic].partitions:
            start, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE_SECONDS)
            if start == end:
                continue
            consumer.assign([TopicPartition(topic, partition, start)])
            offset = start - 1
            while offset < end - 1:
                message = consumer.poll(PATIENCE_SECONDS)
                if message is None:
                    raise TimeoutError(f"{topic}/{partition} is silent at offset {offset}")
                if message.error():
                    raise RuntimeError(message.error())
                offset = message.offset()
                yield {
                    "partition": partition,
                    "offset": offset,
                    "key": message.key().decode(),
                    "headers": {name: value.decode() for name, value in message.headers() or []},
                    "value": decode(message.value(), SerializationContext(topic, MessageField.VALUE)),
                }
    finally:
        consumer.close()


if __name__ == "__main__":
    for record in records(*sys.argv[1:4]):
        print(json.dumps(record, default=str))
