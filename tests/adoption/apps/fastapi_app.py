"""An application with FastAPI and python-jose, as in FastAPI's tutorial: access tokens only."""
import socket
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

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


@app.post("/token")
def token(form: OAuth2PasswordRequestForm = Depends(), lifetime: int = LIFETIME):
    if "token" in KEY:
        return KEY["token"](form)
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
    KEY["secret"] = given.secret
    # The code of docs/moving-in.md, which is given as it stands there
    moved = {"app": FastAPI()}
    exec(Path(sys.argv[2]).read_text().replace("http://localhost:8787", given.service), moved)
    KEY["token"] = moved["token"]
    return {}


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(f"python-jose http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
