from kafka import KafkaProducer
import json
producer = KafkaProducer(bootstrap_servers='localhost:9092',
                         value_serializer=lambda v: json.dumps(v).encode('utf-8'))
data = {"user_id": "1234", "action": "view_product", "timestamp": "2024-12-29T12:30:45Z"}
producer.send('clickstream-data', value=data)
