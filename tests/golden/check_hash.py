#!/usr/bin/env python3
"""XXH3 of read_pecs.py against values of the xxHash library, at the ends of each range of lengths.

usage: check_hash.py READ_PECS

The bytes are those of a linear congruential generator: x = x * 1103515245 + 12345 modulo 2^32 from x = 1, byte (x >> 16).
"""
import importlib.util
import sys

# size, XXH3-64, XXH3-128 in canonical form
VECTORS = [
    (0, "2d06800538d394c2", "99aa06d3014798d86001c324468d497f"),
    (1, "e5e62017e96f839c", "9a0f174ae92e6df2e5e62017e96f839c"),
    (2, "e99f8ba75698ec0f", "13a82070861b3b8ce99f8ba75698ec0f"),
    (3, "d3bcc83c6f14e70f", "da47c2149249db69d3bcc83c6f14e70f"),
    (4, "c7f159f34b126cb4", "504303785d7b5ac9e267cf807951fe26"),
    (5, "0276f65070331568", "04211bd3bee518fd01829ab282a4a4e8"),
    (8, "0f25a2a1cc43dda2", "e4f1bc54c38ed231ec0b5b60d4670d0e"),
    (9, "1e3be9699baa50cf", "046e6473695659653b1764b161f03ecd"),
    (16, "9ec324145cea1dcb", "82d56864b86d46550c85c3b7b344cfaf"),
    (17, "48f3651d7436310a", "e07226299d418421ee80c12e2eaa110d"),
    (32, "3ecd923442085a0d", "064ad1b44ce81ec6f852b8182febef65"),
    (33, "0afebb54eff3a3b5", "79222b34b5dc6369b28082a9aad3b9d5"),
    (64, "7abe508541644d25", "960fca3c66b39991f2a2091b45bbd9cf"),
    (65, "da2a9fa52b7fadf5", "4b9f9e58c4d9eeff841f3ad04f518ac7"),
    (96, "014dbb30ecd7c670", "1bf14e85181e761ee9b8a9102806d5c0"),
    (97, "7b0a9dae42e89ff6", "98434fe44be46805b0673de5ad089029"),
    (128, "5d813d42c0005ea8", "4a4e39fcfa4515aa08d61631b87e5395"),
    (129, "c61639b552225575", "5d41bb88ee7f7e4511b15591bb767e79"),
    (144, "9e69d5b5f04a37c8", "73206ea4e05325f939095ec035911d28"),
    (160, "1a272864fbc79765", "601f389dcff5cb81e72a6d6e8527b950"),
    (239, "9baab2789601e92a", "578c1887158f2cbabd580351ed5f31e1"),
    (240, "7d85b8d4f8b10c82", "f92b835add69c25d4627a2b0d94e7351"),
    (241, "5c56141c894cd97e", "80610486edf872df5c56141c894cd97e"),
    (256, "cdb34974678d6687", "242daf7771ae05e6cdb34974678d6687"),
    (1024, "0551dea22e104ea8", "dcc4b2941cb5e5e40551dea22e104ea8"),
    (1025, "dbe2ed3c377d9922", "2e457d89ed1973d3dbe2ed3c377d9922"),
    (1088, "98ce47a58d705d59", "53ae9650f04ffa9598ce47a58d705d59"),
    (1089, "8c3ba502883f2263", "e504b29c076859e88c3ba502883f2263"),
    (2048, "0e137a69a82b62c0", "700fc6dc214ea9e40e137a69a82b62c0"),
    (2999, "14e4a2a75136d71e", "3dec7e67c7a61bc114e4a2a75136d71e"),
    (300000, "71be5eb7dcd8cefe", "c69406b7557524b271be5eb7dcd8cefe"),
]


def main():
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("read_pecs", sys.argv[1])
    pecs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pecs)
    data, x = bytearray(), 1
    for _ in range(max(size for size, _, _ in VECTORS)):
        x = (x * 1103515245 + 12345) % 2**32
        data.append(x >> 16 & 255)
    for size, expected64, expected128 in VECTORS:
        found = f"{pecs.hash64(bytes(data[:size])):016x}", pecs.hash128(bytes(data[:size])).hex()
        if found != (expected64, expected128):
            sys.exit(f"{size} bytes: {found}, not {expected64} and {expected128}")
    print(f"{len(VECTORS)} lengths")


main()
