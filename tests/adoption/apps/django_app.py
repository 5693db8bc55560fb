"""An application with Django, Django REST framework and simplejwt with its blacklist, in one file."""
import json
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

settings.configure(
    SECRET_KEY=sys.argv[1],
    ROOT_URLCONF="__main__",
    ALLOWED_HOSTS=["127.0.0.1"],
    USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "rest_framework",
        "rest_framework_simplejwt.token_blacklist",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[2]}},
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse
from django.urls import path
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.state import token_backend
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request):
    return Response({"id": str(request.user.id)})


def revoked(request):
    """One line for each token, with the end that simplejwt knows"""
    rows = BlacklistedToken.objects.select_related("token")
    lines = [json.dumps({"jti": row.token.jti, "exp": int(row.token.expires_at.timestamp())}) for row in rows]
    return HttpResponse("".join(f"{line}\n" for line in lines))


def move(request):
    """The application is started again with SIGNING_KEY, TOKEN_TYPE_CLAIM and USER_ID_CLAIM of the new service."""
    secret = json.loads(request.body)["secret"]
    settings.SIMPLE_JWT = {"SIGNING_KEY": secret, "TOKEN_TYPE_CLAIM": "type", "USER_ID_CLAIM": "sub"}
    api_settings._user_settings = settings.SIMPLE_JWT
    for name in list(api_settings._cached_attrs):
        delattr(api_settings, name)
    api_settings._cached_attrs.clear()
    token_backend.signing_key = secret
    token_backend.verifying_key = secret
    RefreshToken.no_copy_claims = ("type", "exp", "jti")
    return JsonResponse({})


urlpatterns = [
    path("login", TokenObtainPairView.as_view()),
    path("refresh", TokenRefreshView.as_view()),
    path("logout", TokenBlacklistView.as_view()),
    path("me", me),
    path("revoked", revoked),
    path("move", move),
]

call_command("migrate", verbosity=0)
for name in ("ada", "grace", "barbara"):
    User.objects.create_user(name, password="correct horse battery staple")


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


server = make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet)
print(f"simplejwt http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
