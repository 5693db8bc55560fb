"""An application with FastAPI and python-jose, as in FastAPI's tutorial: access tokens only."""
import json
import socket
import sys
from datetime import datetime, timedelta, timezone
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from jose import JWTError, jwt
from pydantic import BaseModel

IDS = {"ada": "1", "grace": "2", "barbara": "3"}
KEY = {"secret": sys.argv[1]}
# Seconds. Some are over when the application moves.
LIFETIME = 1800
app = FastAPI()
scheme = OAuth2PasswordBearer(tokenUrl="token")


class Secret(BaseModel):
    secret: str
    service: str


def log_in(form):
    """Passes the form of the docs page's button on to the service, as docs/moving-in.md shows it."""
    body = json.dumps({"username": form.username, "password": form.password}).encode()
    headers = {"Content-Type": "application/json"}
    try:
        with urlopen(Request(f"{KEY['service']}/api/auth/login", body, headers)) as answer:
            data = json.load(answer)["data"]
    except HTTPError as error:
        raise HTTPException(error.code, json.load(error)["message"]) from error
    return {"access_token": data["access_token"], "token_type": data["token_type"]}


@app.post("/token")
def token(form: OAuth2PasswordRequestForm = Depends(), lifetime: int = LIFETIME):
    if "service" in KEY:
        return log_in(form)
    claims = {"sub": IDS[form.username], "exp": datetime.now(timezone.utc) + timedelta(seconds=lifetime)}
    return {"access_token": jwt.encode(claims, KEY["secret"], algorithm="HS256"), "token_type": "bearer"}


@app.get("/me")
def me(token: str = Depends(scheme)):
    try:
        # Tokens of the new service have an audience only with JWT_AUDIENCE.
        claims = jwt.decode(token, KEY["secret"], algorithms=["HS256"])
    except JWTError as error:
        raise HTTPException(401, str(error), headers={"WWW-Authenticate": "Bearer"}) from error
    return {"id": claims["sub"]}


@app.post("/move")
def move(given: Secret):
    """The application is started again with the secret of the new service."""
    KEY.update(secret=given.secret, service=given.service)
    return {}


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(f"python-jose http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
