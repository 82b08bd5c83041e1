"""
The layers of src and what each may include: itself and the layers named, and the public headers. cli is the program, a
user of the library: besides the public headers it has only text.
"""

LAYERS = {
    "base": ["base"],
    "schema": ["base", "schema"],
    "text": ["base", "text"],
    "storage": ["base", "schema", "storage"],
    "world": ["base", "schema", "storage", "world"],
    "format": ["base", "schema", "storage", "format"],
    "persist": ["base", "schema", "storage", "world", "format", "persist"],
    "cli": ["text", "cli"],
}
