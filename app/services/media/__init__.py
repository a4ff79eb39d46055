"""Files of messages: what they are, where they are kept, who may see them, how they come and go."""
