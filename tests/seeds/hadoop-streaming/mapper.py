import sys
import json


def mapper():
    # Reading input from stdin (streaming input)
    for line in sys.stdin:
        try:
            # Parse each line as a JSON object
            data = json.loads(line.strip())
            # Extract user_id and action from the Kafka event
            user_id = data.get("user_id")
            action = data.get("action")
            if user_id and action:
                # Emit the user_id as the key and action as the value
                print(f"{user_id}\t{action}")
        except json.JSONDecodeError:
            # Skip lines that are not valid JSON
            continue


if __name__ == "__main__":
    mapper()
