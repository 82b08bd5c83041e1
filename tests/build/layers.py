"""
The layers of src and what each may include: itself and the layers named, and the public headers. cli is the program, which
has none but the public headers.
"""

LAYERS = {
    "base": ["base"],
    "schema": ["base", "schema"],
    "storage": ["base", "schema", "storage"],
    "world": ["base", "schema", "storage", "world"],
    "format": ["base", "schema", "storage", "format"],
    "persist": ["base", "schema", "storage", "world", "format", "persist"],
    "cli": ["cli"],
}
