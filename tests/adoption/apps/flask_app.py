"""An application with Flask-JWT-Extended, or with the tokens that it makes where only PyJWT is installed."""
import sys
import uuid
from datetime import datetime, timedelta, timezone

from flask import Flask, jsonify, request
from werkzeug.serving import make_server

IDS = {"ada": 1, "grace": 2, "barbara": 3}
app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = sys.argv[1]
revoked = set()

try:
    from flask_jwt_extended import (
        JWTManager, create_access_token, create_refresh_token, get_jwt, get_jwt_identity, jwt_required,
    )

    LIBRARY = "Flask-JWT-Extended"
    manager = JWTManager(app)
    manager.token_in_blocklist_loader(lambda header, payload: payload["jti"] in revoked)
except ImportError:
    import jwt

    LIBRARY = "PyJWT"

    def create(identity, kind, lifetime):
        now = datetime.now(timezone.utc)
        claims = {"fresh": False, "iat": now, "jti": str(uuid.uuid4()), "type": kind, "sub": identity, "nbf": now}
        return jwt.encode({**claims, "exp": now + lifetime}, app.config["JWT_SECRET_KEY"], algorithm="HS256")

    def create_access_token(identity):
        return create(identity, "access", timedelta(minutes=15))

    def create_refresh_token(identity):
        return create(identity, "refresh", timedelta(days=30))

    def get_jwt():
        return request.claims

    def get_jwt_identity():
        return request.claims["sub"]

    def jwt_required(refresh=False):
        def decorator(view):
            def checked():
                token = request.headers.get("Authorization", "")[7:]
                try:
                    claims = jwt.decode(token, app.config["JWT_SECRET_KEY"], algorithms=["HS256"])
                except jwt.PyJWTError as error:
                    return jsonify(msg=str(error)), 401
                if claims["type"] != ("refresh" if refresh else "access") or claims["jti"] in revoked:
                    return jsonify(msg="wrong token"), 401
                request.claims = claims
                return view()

            checked.__name__ = view.__name__
            return checked

        return decorator


@app.post("/login")
def login():
    identity = str(IDS[request.json["username"]])
    return jsonify(access_token=create_access_token(identity), refresh_token=create_refresh_token(identity))


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    return jsonify(access_token=create_access_token(get_jwt_identity()))


@app.post("/logout")
@jwt_required(refresh=True)
def logout():
    revoked.add(get_jwt()["jti"])
    return jsonify(msg="logged out")


@app.get("/me")
@jwt_required()
def me():
    return jsonify(id=get_jwt_identity())


@app.get("/revoked")
def list_revoked():
    return "".join(f"{jti}\n" for jti in sorted(revoked))


@app.post("/move")
def move():
    """The application is started again with the secret of the new service."""
    app.config["JWT_SECRET_KEY"] = request.json["secret"]
    return jsonify(msg="moved")


server = make_server("127.0.0.1", 0, app, threaded=True)
print(f"{LIBRARY} http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
