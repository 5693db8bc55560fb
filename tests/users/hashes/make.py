"""Prints password hashes that other systems have made, as JSON. `make.ts` writes them to vectors.json.

With `--verify` it reads vectors from standard input and prints which of them these libraries do not verify.
Needs Debian's python3-django, python3-werkzeug, python3-passlib, python3-bcrypt and python3-argon2, and perl, whose crypt is
that of the C library. The scrypt of Django and Werkzeug needs Django 4 and Werkzeug 2.3, or later ones: vectors.json was made
with these in a virtual environment.
"""

import json
import subprocess
import sys
import unicodedata
from importlib.metadata import version

import argon2
import bcrypt
import django
from django.conf import settings
from passlib.hash import pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512, scrypt
from werkzeug.security import check_password_hash, generate_password_hash

settings.configure()
django.setup()

from django.contrib.auth import hashers  # noqa: E402

WERKZEUG = version("werkzeug")
WERKZEUG_SCRYPT = [] if WERKZEUG.startswith("2.2") else ["scrypt:1024:8:1"]
PASSWORDS = [
    "correct horse battery staple",
    unicodedata.normalize("NFC", "Größe, ÿ und żółć"),
    unicodedata.normalize("NFD", "Größe, ÿ und żółć"),
    "x" * 71 + "é and more",
]


def of_django():
    yield "pbkdf2_sha256", hashers.PBKDF2PasswordHasher(), {"iterations": 1200}
    yield "pbkdf2_sha1", hashers.PBKDF2SHA1PasswordHasher(), {"iterations": 1200}
    bcrypt_sha256, plain = hashers.BCryptSHA256PasswordHasher(), hashers.BCryptPasswordHasher()
    bcrypt_sha256.rounds = plain.rounds = 4
    yield "bcrypt_sha256", bcrypt_sha256, {}
    yield "bcrypt", plain, {}
    argon = hashers.Argon2PasswordHasher()
    argon.memory_cost, argon.time_cost, argon.parallelism = 512, 2, 8
    yield "argon2", argon, {}
    if hasattr(hashers, "ScryptPasswordHasher"):
        yield "scrypt", hashers.ScryptPasswordHasher(), {"n": 1024}


def of_perl(password, variant):
    setting = f"$2{variant}$04$abcdefghijklmnopqrstuu"
    program = "print crypt($ARGV[0], $ARGV[1])"
    return subprocess.run(["perl", "-e", program, password, setting], capture_output=True, check=True, text=True).stdout


def argon2_hashes(password):
    for kind in argon2.low_level.Type:
        for version in (16, 19):
            yield argon2.low_level.hash_secret(
                password.encode(), b"a salt of 16 byt", 2, 256, 2, 32, kind, version
            ).decode()


def hashes(password):
    for name, hasher, options in of_django():
        yield f"Django {django.__version__} {name}", hasher.encode(password, hasher.salt(), **options)
    for method in ("pbkdf2:sha1:1000", "pbkdf2:sha256:1000", "pbkdf2:sha512:1000", *WERKZEUG_SCRYPT):
        yield f"Werkzeug {WERKZEUG} {method}", generate_password_hash(password, method)
    for module in (pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512):
        yield f"passlib {module.name}", module.using(rounds=1000).hash(password)
    yield "passlib scrypt", scrypt.using(rounds=10).hash(password)
    for prefix in (b"2a", b"2b"):
        yield f"bcrypt {bcrypt.__version__} {prefix.decode()}", bcrypt.hashpw(
            password.encode(), bcrypt.gensalt(4, prefix)
        ).decode()
    for variant in "abxy":
        yield f"libxcrypt 2{variant}", of_perl(password, variant)
    for encoded in argon2_hashes(password):
        yield f"argon2-cffi {encoded.split('$')[1]} {encoded.split('$')[2]}", encoded


def make():
    return [
        {"by": by, "password": password, "hash": encoded} for password in PASSWORDS for by, encoded in hashes(password)
    ]


def verified(vector):
    by, password, encoded = vector["by"], vector["password"], vector["hash"]
    if by.startswith("Django"):
        chosen = encoded.split("$")[0]
        hasher = next((one for name, one, _ in of_django() if one.algorithm == chosen), None)
        # Django 3 has no scrypt.
        return hasher is None or hasher.verify(password, encoded)
    if by.startswith("Werkzeug"):
        if encoded.startswith("scrypt") and not WERKZEUG_SCRYPT:
            return True
        return check_password_hash(encoded, password)
    if by.startswith("passlib"):
        return any(module.identify(encoded) and module.verify(password, encoded) for module in MODULES)
    if by.startswith("bcrypt "):
        return bcrypt.checkpw(password.encode(), encoded.encode())
    if by.startswith("libxcrypt"):
        return of_perl(password, by[-1]) == encoded
    if by.startswith("argon2-cffi"):
        kind = {"id": argon2.Type.ID, "i": argon2.Type.I, "d": argon2.Type.D}[encoded.split("$")[1][6:]]
        return argon2.low_level.verify_secret(encoded.encode(), password.encode(), kind)
    return True


MODULES = (pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512, scrypt)

if "--verify" in sys.argv:
    print(json.dumps([vector for vector in json.load(sys.stdin) if not verified(vector)], ensure_ascii=False))
else:
    print(json.dumps(make(), ensure_ascii=False))
