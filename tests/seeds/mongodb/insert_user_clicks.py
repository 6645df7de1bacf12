# Tutorial 4, step 3: cat part-00000 | python insert_user_clicks.py
import os
from pymongo import MongoClient
import sys

# Connect to MongoDB
client = MongoClient("localhost", int(os.environ["MONGODB_PORT"]))
db = client["clickstream_db"]
collection = db["user_clicks"]

# Reading output from Hadoop streaming (sys.stdin)
for line in sys.stdin:
    try:
        # Split the Hadoop output into user_id, action, and count
        user_id, action, count = line.strip().split("\t")
        # Convert count to an integer
        count = int(count)
        # Prepare the data to be inserted
        data = {"user_id": user_id, "click_count": count, "last_action": action}
        # Insert the data into MongoDB
        collection.insert_one(data)
    except ValueError:
        # Skip malformed lines or errors
        continue
