"""The records: what each step writes for each photograph, and how it reaches the disk."""
