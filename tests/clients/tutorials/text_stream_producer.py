from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers='localhost:9092')
message = "Hello, World! This is a stream message."
producer.send('text-stream', value=message.encode())
producer.flush()
