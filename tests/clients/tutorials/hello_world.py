from confluent_kafka import Producer
p = Producer({'bootstrap.servers': 'mybroker'})
p.produce('mytopic', 'hello world!')
p.flush()
