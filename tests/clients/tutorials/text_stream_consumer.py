from kafka import KafkaConsumer
from nltk.tokenize import word_tokenize
consumer = KafkaConsumer('text-stream', bootstrap_servers='localhost:9092')
for message in consumer:
    text = message.value.decode()
    # Without the sentence model, which would have to be downloaded.
    tokens = word_tokenize(text, preserve_line=True)
    print(tokens, flush=True)
