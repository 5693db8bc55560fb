// Made from openapi/ by `npm run generate`. Never edit.

export interface paths {
    "/refresh_token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get a new access token for a refresh token
         * @description Send the refresh token in `Authorization: Bearer …` (header mode) or in the HTTP-only cookie (cookie mode). The body is
         *     ignored. With rotation the presented token is superseded. Its successor is returned in `refresh_token` in header mode,
         *     and as a new cookie in cookie mode.
         *
         *     Of several credentials only authentic refresh tokens count: an access token, a forged token or an empty cookie beside one
         *     is ignored. Different refresh tokens are a conflict.
         *
         *     A request whose response was lost can be repeated: within the grace window (30 s by default) the same token gets the
         *     byte-identical successor. Another caller (by user agent and network) gets a copy of it. When both copies are used, two
         *     holders have the session, and it ends.
         *
         *     After the grace window, a token whose successor was never presented can still be retried, for 72 hours by default: the
         *     retry gets the token after the successor, and the successor is dead. Any other superseded token is reuse, and the session
         *     ends.
         *
         *     **Sessions bound to a device (`DBSC`)** need the cookie that the browser renews by itself. Without it: `401`
         *     `device_proof_required`, or `503` if it could not be renewed.
         *
         *     **Sessions bound to a key (DPoP, RFC 9449).** A proof in the header `DPoP` binds the session. From then on each refresh
         *     needs one, with the `nonce` of `401` `use_dpop_nonce`.
         *
         *     The checks run in this order: cross-site, conflicting, missing, DPoP proof, readable and authentic, expired, user known,
         *     user active, session and generation.
         */
        post: operations["refreshToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange an access token for a new one, without a refresh token
         * @deprecated
         * @description For clients that have only an access token. It makes an access token its own refresh credential, which RFC 9700 warns
         *     against: whoever finds one, in a log or a URL, can go on with it. Therefore it is marked as deprecated. New clients should
         *     use `POST /refresh_token`; this operation stays for those that cannot.
         *
         *     The token may have expired, but not longer ago than
         *     `EXPIRED_TOKEN_WINDOW_MINUTES` (24 h by default; 0 turns this operation off). Its session and its user must be active.
         *     A token can be exchanged once, and this service refuses it once the grace window is over. A repetition within it gets the
         *     same successor. A later one is reuse and ends the session.
         *
         *     If the session is bound to a key, the request needs a DPoP proof of it: see `POST /refresh_token`.
         */
        post: operations["exchangeToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register
         * @description The setting `REGISTRATION` opens or closes it. It does not log the user in.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in with username and password
         * @description An unknown username and a wrong password get the same response after the same time. A request with `cookie` is
         *     refused if it is cross-site, also for a page in `CORS_ORIGINS`: browsers drop cookies of another site. So do they with a
         *     `Secure` cookie over plain http.
         *
         *     A request with a proof in the header `DPoP` (RFC 9449) binds the session to the key of the proof: see
         *     `POST /refresh_token`.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out
         * @description The refresh token (header or cookie) or the access token identifies the session, even if it has expired; an access token
         *     only as long as it could be exchanged (`EXPIRED_TOKEN_WINDOW_MINUTES`). If the session
         *     has already ended, this succeeds too. A refresh that runs at the same time cannot continue the session.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/logout_all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out on all devices
         * @description Includes the session of this request.
         */
        post: operations["logoutAll"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description All other sessions of the user end. The session of this request starts anew: this service refuses every token of it that
         *     was issued before. Continue with the tokens of the response. If the session was opened with `cookie`, the refresh token
         *     is a new cookie.
         *
         *     If the response was lost, send the same request again within the grace window (`REFRESH_TOKEN_GRACE_SECONDS`).
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/password_reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set a new password with a reset token
         * @description The token is that of `POST /admin/users/{id}/password_reset`. All sessions of the user end, and the user logs in with the
         *     new password. A password that is not acceptable does not use the token up. If the response was lost, send the same request
         *     again within the grace window (`REFRESH_TOKEN_GRACE_SECONDS`).
         */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the current user
         * @description The user of the access token.
         */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/dbsc/registration": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Register a key of the browser for a session
         * @description A browser with Device Bound Session Credentials sends this by itself, when the answer of a login or refresh in cookie mode
         *     has `Secure-Session-Registration`. Nothing is bound yet: that is done by the first proof at
         *     `POST /api/auth/dbsc/refresh`.
         */
        post: operations["registerDevice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/dbsc/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Prove that the browser still has the key
         * @description A browser with Device Bound Session Credentials sends this by itself, before a request to this service when it has no bound
         *     cookie. The first proof binds the session to the key, and needs the refresh cookie of the session. From then on,
         *     `POST /refresh_token` and `POST /api/auth/refresh` need the bound cookie.
         *
         *     Without a proof, or with one of a challenge that is too old, it gets `403` with another challenge. Browsers forget the
         *     session for good when they get any other `4xx` but `407` and `429`, so `401` means that it is over. With `404`, when `DBSC` is
         *     `off`, the session goes on and is no longer bound.
         */
        post: operations["refreshDevice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the sessions of the current user
         * @description The active sessions of the user, 100 at most on a page. In a page, the last refreshed come first. The pages go from the newest
         *     sessions to the oldest, except for ids from old versions. A page may have fewer sessions than `limit`, although
         *     `next_cursor` is not null.
         *
         *     Refreshes of the last minutes are not shown yet (the grace window and a minute, 90 s by default): an access token does not
         *     tell its holder when a session is refreshed.
         */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session of the current user
         * @description The id may be that of the current session, which is then a logout.
         */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the session of a token (RFC 7009)
         * @description For clients that know this operation of OAuth 2.0. Whoever has the token may end its session, as with
         *     `POST /api/auth/logout`. An access token ends the session too, because it could be exchanged for a new one. A token that is
         *     invalid, unknown or revoked already gets 200 as well (RFC 7009 §2.2). The body is empty.
         */
        post: operations["revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/introspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check whether an access token is active (RFC 7662)
         * @description For gateways and APIs that cannot verify a token by themselves. Everything that is not an access token which would be
         *     accepted now is `{"active": false}`: an expired or forged token, one whose session has ended, and every refresh token.
         *     The body has no envelope (RFC 7662 §2.2). Authenticate with `INTROSPECTION_TOKEN`: as a bearer token, or as the secret of
         *     HTTP Basic with any name.
         */
        post: operations["introspect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what has ended
         * @description What has ended while access tokens of it may still live, so that an API that verifies access tokens by itself refuses them
         *     at once. Without `cursor`, the answer is a snapshot. With the `cursor` of the last answer it has what ended since, and
         *     with `wait` it comes as soon as something ends. It is true at the time of the request or later. If the database was
         *     restored, or the follower was away for too long, the answer is a snapshot again: `snapshot` says so.
         *
         *     An access token has ended if one of the revocations names it: its `jti`, its `sid`, or its `sub`. `generation`, `through`
         *     and `except` narrow that down. Each revocation can be forgotten after its `exp`.
         */
        get: operations["listRevocations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all users
         * @description In the order of the bytes of their ids. For ids that this service has made it is the order of registration. Users may be
         *     created or deleted while the pages are read: every user that exists during all of that time is on exactly one page.
         */
        get: operations["listUsers"];
        put?: never;
        /**
         * Create a user
         * @description Does not depend on `REGISTRATION`. A user without a password cannot log in with `POST /api/auth/login` and cannot set a
         *     password, unless an administrator sets one first. The application authenticates such users and opens sessions with `POST /admin/users/{id}/sessions`.
         */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a user
         * @description A user who was deleted gets `404`.
         */
        get: operations["getUser"];
        put?: never;
        post?: never;
        /**
         * Delete a user
         * @description Deletes the user, all their sessions and, unless the service keeps them, their events. The username can be registered again, by anyone. The id is never used again.
         */
        delete: operations["deleteUser"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/deactivate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deactivate a user
         * @description Ends all sessions of the user at once. No new session can be opened, neither by a login nor by the administrator. If the
         *     user is already deactivated, this succeeds and changes nothing.
         */
        post: operations["deactivateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Activate a user
         * @description The user can log in again. Ended sessions stay ended. If the user is already active, this succeeds and changes nothing.
         */
        post: operations["activateUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the password of a user
         * @description For a user who has forgotten theirs, or who was created without one. Ends all sessions of the user. The user can log in
         *     with the new password only. A user who is deactivated stays so.
         */
        put: operations["setUserPassword"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/password_reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a token with which a user sets a new password
         * @description For a user who has forgotten theirs, or who was created without one. Your application sends the token to the user, who
         *     gives it to `POST /api/auth/password_reset`. It works once. Each new token replaces the one before, and so does every
         *     other way to a new password. Until it is used, the old password and all sessions stay.
         */
        post: operations["requestPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set the claims of a user
         * @description In place of all that the user had. Each access token that is made from now on has them. With `refresh_now`, access tokens
         *     from before are refused here, and by APIs that follow `GET /revocations`, so that clients refresh. Sessions go on.
         */
        put: operations["setUserClaims"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/username": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Rename a user
         * @description The sessions of the user go on, because tokens carry the id. The old name can be registered again, by anyone. If the user
         *     has this name already, this succeeds and changes nothing.
         */
        put: operations["renameUser"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the sessions of a user
         * @description The active sessions, 100 at most on a page. In a page, the last refreshed come first. The pages go from the newest
         *     sessions to the oldest, except for ids from old versions. A page may have fewer sessions than `limit`, although
         *     `next_cursor` is not null.
         */
        get: operations["listUserSessions"];
        put?: never;
        /**
         * Open a session for a user whom the caller has authenticated
         * @description For an application that has its own login and uses Rekindle for sessions only. No password is checked. The response has
         *     the same tokens as a login, and the application passes them on to the user.
         */
        post: operations["openUserSession"];
        /**
         * End all sessions of a user
         * @description The user can log in again. If no session is active, this succeeds and changes nothing.
         */
        delete: operations["endUserSessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session of a user
         * @description A session that has already ended gets `404`.
         */
        delete: operations["endUserSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/users/{id}/session_history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain when and why the sessions of a user ended
         * @description All sessions that are known, also those that have ended, the newest first, except for ids from old versions. An ended session
         *     is known by its row for about a day, and after that by its events, for `EVENTS_RETENTION_DAYS` and for the last 1,000
         *     logins of the user. A session that is active although its user was logged out: the client has lost the token.
         */
        get: operations["explainUserSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List security events
         * @description The newest first, as in `rekindle events`. Events are kept after their users and sessions are deleted.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the public keys of access tokens
         * @description The keys with which access tokens are verified (RFC 7517): the one that signs, the next one, and earlier ones until
         *     their last token is over. A verifier takes the key whose `kid` the token names. Empty while
         *     `ACCESS_TOKEN_ALGORITHM` is `HS256`. A new key is here for at least an hour before it signs.
         */
        get: operations["jwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/oauth-authorization-server": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get where the keys of the issuer are
         * @description The metadata of RFC 8414, as far as this service has what it describes: it has no authorization endpoint, and its
         *     tokens come from the operations of this document, so both lists are empty. It is 404 without `PUBLIC_URL`, and if
         *     `JWT_ISSUER` is another issuer.
         */
        get: operations["issuerMetadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether the process runs
         * @description Does not look at the database. Restart the process only if this fails.
         */
        get: operations["livez"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check whether the service accepts requests
         * @description The database is reachable and migrated, and the service is not shutting down.
         */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get this document as it applies here
         * @description This document with the facts of the installation that serves it: a server address that is relative to this URL, the
         *     name of the refresh cookie, and the paths of administration only if `ADMIN_TOKEN` is set.
         */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read this document as a web page
         * @description Shows the contract and sends requests to try it. Nothing is loaded from other hosts.
         */
        get: operations["docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs/{asset}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a script or style of the web page
         * @description The files that `/docs` loads.
         */
        get: operations["docsAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface webhooks {
    securityEvent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Receive a security event
         * @description The service posts each event to `EVENTS_WEBHOOK_URL`, signed as [Standard Webhooks](https://www.standardwebhooks.com)
         *     says: `v1,` and the base64 of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{raw body}`, with
         *     `EVENTS_WEBHOOK_SECRET` as the key. Verify the signature before anything else, and refuse timestamps that are more than
         *     five minutes old.
         *
         *     An event may arrive again with the same `webhook-id`. The events of one session arrive in order. Later versions may have
         *     more types; answer unknown ones with 2xx.
         *
         *     It is the same event as in `GET /admin/events`, except for its `user_agent`, in which all but letters, digits, spaces and
         *     `()[]/.,:;_+*@=~-` is replaced by `_`. If the answer is not 2xx, the event is posted once more at once, with null for
         *     `user_agent` and `request_id`.
         */
        post: operations["receiveSecurityEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export interface components {
    schemas: {
        /** @example eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJ0eXBlIjoiYWNjZXNzIn0.c2lnbmF0dXJl */
        Jwt: string;
        /**
         * @description `bearer` (RFC 6750), written in lower case; or, with `DPOP_ACCESS_TOKENS` and in a session that is bound to a key, `DPoP` (RFC 9449 §5). Then the access token is sent as `Authorization: DPoP …` with a proof
         * @example bearer
         * @enum {string}
         */
        TokenType: "bearer" | "DPoP";
        /**
         * @description Seconds until the access token expires
         * @example 1800
         */
        ExpiresIn: number;
        RefreshResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "Access token refreshed successfully";
                access_token: components["schemas"]["Jwt"];
                token_type: components["schemas"]["TokenType"];
                expires_in: components["schemas"]["ExpiresIn"];
                /** @description The successor of the presented token, in header mode and with rotation */
                refresh_token?: components["schemas"]["Jwt"];
            };
        };
        /** @description The error of an operation. A program reads the header `Rekindle-Error`, whose words are stable; `message` is for people */
        Error: {
            /** @constant */
            status: "error";
            /** @description The HTTP status */
            code: number;
            /** @description One of the messages in the examples of the response */
            message: string;
        };
        ExchangeRequest: {
            /** @description An access token, expired or not */
            token: string;
        };
        ExchangeResult: {
            access_token: components["schemas"]["Jwt"];
            token_type: components["schemas"]["TokenType"];
            expires_in: components["schemas"]["ExpiresIn"];
        };
        InvalidMember: {
            /** @description Members and indexes, joined by dots; empty for the whole body */
            path: string;
            /** @description For programs. Later versions may have more reasons */
            reason: string;
            /** @description The reason in words for people */
            message: string;
        };
        /** @description The error of a request that does not fit the contract */
        InvalidRequest: {
            /** @constant */
            status: "error";
            /** @constant */
            code: 400;
            /** @constant */
            message: "Invalid request.";
            /** @description The members and parameters that do not fit */
            errors: components["schemas"]["InvalidMember"][];
        };
        /**
         * @description A username as in the other operations, but without spaces
         * @example ada
         */
        NewUsername: string;
        /**
         * @description At least 8 characters, or the value of `PASSWORD_MIN_LENGTH`, and at most 256 bytes in UTF-8, both counted in Unicode NFC. All bytes are significant. Common passwords and passwords that contain the username are refused. There are no rules of composition (NIST SP 800-63B-4 §3.1.1.2)
         * @example correct horse battery staple
         */
        NewPassword: string;
        RegisterRequest: {
            username: components["schemas"]["NewUsername"];
            password: components["schemas"]["NewPassword"];
        };
        /**
         * @description What the application calls the user, `sub` of the tokens: printable characters, compared as they are. White space is not allowed at the ends. `.` and `..` are not, because no URL can have them in its path. In a URL, it is percent-encoded
         * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
         */
        UserId: string;
        /**
         * @description Stored as given. Compared by Unicode NFKC and case folding, so that `Ada` and `ada` are one name. Single spaces are allowed inside, but no other white space, no Hangul fillers (which look like it), no control and format characters, and not the replacement character U+FFFD.
         * @example ada
         */
        Username: string;
        /**
         * Format: date-time
         * @description RFC 3339, UTC, with milliseconds
         * @example 2026-11-22T08:00:00.000Z
         */
        Timestamp: string;
        User: {
            id: components["schemas"]["UserId"];
            username: components["schemas"]["Username"];
            created_at: components["schemas"]["Timestamp"];
        };
        UserRegisteredResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 201;
            data: components["schemas"]["User"];
        };
        /**
         * @description The user's password, in any Unicode normal form. Earlier versions allowed 256 characters, which are up to 1024 in NFD
         * @example correct horse battery staple
         */
        Password: string;
        LoginRequest: {
            username: components["schemas"]["Username"];
            password: components["schemas"]["Password"];
            /** @description With `true` the refresh token is in an HTTP-only cookie, and not in the body */
            cookie?: boolean;
        };
        LoggedInResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "Logged in successfully";
                access_token: components["schemas"]["Jwt"];
                token_type: components["schemas"]["TokenType"];
                expires_in: components["schemas"]["ExpiresIn"];
                /** @description Absent if the request had `cookie` */
                refresh_token?: components["schemas"]["Jwt"];
            };
        };
        LoggedOutResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "Logged out successfully";
            };
        };
        SessionsEndedResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "All sessions ended";
                /** @example 3 */
                sessions_ended: number;
            };
        };
        PasswordRequest: {
            current_password: components["schemas"]["Password"];
            new_password: components["schemas"]["NewPassword"];
        };
        PasswordResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "Password changed successfully";
                /** @description How many sessions this request ended. A repetition ends none */
                sessions_ended: number;
                access_token: components["schemas"]["Jwt"];
                token_type: components["schemas"]["TokenType"];
                expires_in: components["schemas"]["ExpiresIn"];
                /** @description Absent if the session was opened with `cookie` */
                refresh_token?: components["schemas"]["Jwt"];
            };
        };
        PasswordResetRequest: {
            /** @description A reset token */
            token: string;
            new_password: components["schemas"]["NewPassword"];
        };
        PasswordSetResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "Password set";
                sessions_ended: number;
            };
        };
        UserResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: components["schemas"]["User"];
        };
        /** @description JSON session instructions (https://w3c.github.io/webappsec-dbsc/). Requests to the paths of this service wait for a bound cookie, no others */
        DeviceSession: {
            session_identifier: string;
            /**
             * @description Relative to the URL of the request
             * @constant
             */
            refresh_url: "refresh";
            scope: {
                /** @constant */
                include_site: false;
                /** @description The last rule that applies decides */
                scope_specification: {
                    /** @enum {string} */
                    type: "exclude" | "include";
                    /** @constant */
                    domain: "*";
                    /**
                     * @description Below the path of `PUBLIC_URL`
                     * @example /refresh_token
                     */
                    path: string;
                }[];
            };
            credentials: {
                /** @constant */
                type: "cookie";
                /** @example __Host-refresh_token-bound */
                name: string;
                /** @example Path=/; Secure; HttpOnly; SameSite=Strict */
                attributes: string;
            }[];
            /** @description The hosts of `CORS_ORIGINS` */
            allowed_refresh_initiators: string[];
        };
        /**
         * @description Opaque; it does not expire
         * @example XBsvDo8LSlKdfj0KS49sIQ
         */
        Cursor: string;
        Session: {
            /**
             * Format: uuid
             * @description `sid` of the tokens
             */
            id: string;
            /**
             * @description User-Agent of the login
             * @example Mozilla/5.0 (X11; Linux x86_64)
             */
            device: string | null;
            /**
             * @description Address of the login
             * @example 192.0.2.1
             */
            address: string | null;
            created_at: components["schemas"]["Timestamp"];
            refreshed_at: components["schemas"]["Timestamp"];
            /** @example 1 */
            refresh_count: number;
            /**
             * @description User-Agent of the last refresh
             * @example Mozilla/5.0 (X11; Linux x86_64)
             */
            refreshed_device: string | null;
            /**
             * @description Address of the last refresh
             * @example 192.0.2.1
             */
            refreshed_address: string | null;
            /**
             * @description What each refresh of the session has to prove a key with: `dpop`, or `dbsc` for the device of the login. Null if it is bound to no key
             * @example dpop
             */
            binding: string | null;
            expires_at: components["schemas"]["Timestamp"];
            /** @description Whether the access token of this request belongs to this session */
            current: boolean;
        };
        SessionsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @description Active sessions, the last refreshed first */
                sessions: components["schemas"]["Session"][];
                /**
                 * @description For the next page; null on the last one
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                next_cursor: string | null;
            };
        };
        SessionEndedResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "Session ended";
            };
        };
        RevocationRequest: {
            /** @description A refresh token or an access token, expired or not */
            token: string;
        };
        IntrospectionRequest: {
            /** @description The token */
            token: string;
        };
        /** @description RFC 7662 §2.2. It also has the claims of your application that are in the token */
        Introspection: {
            /** @description Whether the token is a valid access token now */
            active: boolean;
            /**
             * @description DPoP, if it is bound to a key: then a request with it needs a proof
             * @enum {string}
             */
            token_type?: "Bearer" | "DPoP";
            /** @description The id of the user */
            sub?: string;
            /** @description The name of the user */
            username?: string;
            /** @description The id of the session */
            sid?: string;
            /** @description The id of the token */
            jti?: string;
            /** @description Issued at, in seconds since the epoch */
            iat?: number;
            /** @description Expires at, in seconds since the epoch */
            exp?: number;
            /** @description `JWT_ISSUER`, if it is set */
            iss?: string;
            /** @description `JWT_AUDIENCE`, if it is set */
            aud?: string;
            /** @description `JWT_CLIENT_ID`, if it is set */
            client_id?: string;
            /** @description The key that the token is bound to (RFC 9449 §6.2) */
            cnf?: {
                /** @description The thumbprint of the key (RFC 7638) */
                jkt: string;
            };
        } & {
            [key: string]: unknown;
        };
        /**
         * @description Opaque; it does not expire
         * @example 4711.f3Xk0bTq9A
         */
        FeedCursor: string;
        /** @description Access tokens that have ended. With `jti` it is that token. With `sid` it is the session, and with `generation` only its tokens whose claim `generation` (0 if it is not there) is lower. With `sub` it is the user, and with `claims_version` only tokens whose claim of that name (0 if it is not there) is lower. With `through` it is only sessions whose `sid` is not greater, compared as text, and with `except` not that session. With `through` alone it is the sessions of all users */
        Revocation: {
            /** @description The session */
            sid?: string;
            /** @description Only tokens of an earlier generation have ended */
            generation?: number;
            /** @description The user */
            sub?: string;
            /** @description Only tokens with an earlier version of the claims of the user have ended. Their clients have to refresh */
            claims_version?: number;
            /** @description The last session that has ended */
            through?: string;
            /** @description The session that has not ended */
            except?: string;
            /** @description The token. It was exchanged, and its grace window is over */
            jti?: string;
            /** @description When the last of these tokens expires, in seconds since the epoch */
            exp: number;
        };
        Revocations: {
            revocations: components["schemas"]["Revocation"][];
            /** @description The `cursor` of the next request */
            cursor: string;
            /** @description Whether this is everything that has ended, so that earlier answers are to be forgotten */
            snapshot: boolean;
            /** @description Whether there is more already: ask again at once */
            more: boolean;
        };
        RevocationsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: components["schemas"]["Revocations"];
        };
        /**
         * @description Opaque; it does not expire
         * @example XBsvDo8LSlKdfj0KS49sIQ
         */
        UserCursor: string;
        /**
         * @description Claims of your application in the access tokens: any JSON, at most 1024 bytes. Names that this service sets, such as `sub` and `type`, are refused
         * @example {
         *       "roles": [
         *         "editor"
         *       ]
         *     }
         */
        Claims: {
            [key: string]: unknown;
        };
        UserRecord: {
            id: components["schemas"]["UserId"];
            username: components["schemas"]["Username"];
            created_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When the last session was opened
             * @example 2026-11-22T09:00:00.000Z
             */
            last_login_at: string | null;
            /**
             * Format: date-time
             * @description Null while the user is active
             * @example 2026-11-22T09:00:00.000Z
             */
            deactivated_at: string | null;
            claims: components["schemas"]["Claims"];
        };
        UserRecordsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                users: components["schemas"]["UserRecord"][];
                /**
                 * @description For the next page; null on the last one
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                next_cursor: string | null;
            };
        };
        /**
         * @description Made by another system, in place of `password`: Argon2, bcrypt, scrypt or PBKDF2 in one of the documented forms. At the next login it is replaced by one of ours. Fast digests are refused, and hashes that would cost too much to verify
         * @example $2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW
         */
        PasswordHash: string;
        CreateUserRequest: {
            username: components["schemas"]["Username"];
            password?: components["schemas"]["NewPassword"];
            /** @description A new UUID, if it is left out */
            id?: components["schemas"]["UserId"];
            password_hash?: components["schemas"]["PasswordHash"];
            /**
             * Format: date-time
             * @description When the user was registered. Not in the future. Now, if it is left out
             * @example 2019-05-04T08:00:00Z
             */
            created_at?: string;
            /** @description Whether the user cannot log in until an administrator activates them */
            deactivated?: boolean;
            claims?: components["schemas"]["Claims"];
        };
        UserCreatedResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 201;
            data: components["schemas"]["UserRecord"];
        };
        UserRecordResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: components["schemas"]["UserRecord"];
        };
        UserDeletedResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "User deleted";
            };
        };
        UserDeactivatedResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "User deactivated";
                sessions_ended: number;
            };
        };
        UserActivatedResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "User activated";
            };
        };
        SetPasswordRequest: {
            password: components["schemas"]["NewPassword"];
        };
        PasswordResetRequestedResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 201;
            data: {
                /** @constant */
                message: "Password reset requested";
                /**
                 * @description It is a secret like a password
                 * @example uEqV1zkv1BbTJQ6TzTn8RSWbAFtQpVE5ESU7o2qS1SA
                 */
                reset_token: string;
                /**
                 * @description Seconds until it expires
                 * @example 1800
                 */
                expires_in: number;
            };
        };
        SetClaimsRequest: {
            claims: components["schemas"]["Claims"];
            /** @description Whether access tokens from before are refused from now on */
            refresh_now?: boolean;
        };
        RenameUserRequest: {
            username: components["schemas"]["Username"];
        };
        SessionRecord: {
            /**
             * Format: uuid
             * @description `sid` of the tokens
             */
            id: string;
            /**
             * @description User-Agent of the login
             * @example Mozilla/5.0 (X11; Linux x86_64)
             */
            device: string | null;
            /**
             * @description Address of the login
             * @example 192.0.2.1
             */
            address: string | null;
            created_at: components["schemas"]["Timestamp"];
            refreshed_at: components["schemas"]["Timestamp"];
            /** @example 1 */
            refresh_count: number;
            /**
             * @description User-Agent of the last refresh
             * @example Mozilla/5.0 (X11; Linux x86_64)
             */
            refreshed_device: string | null;
            /**
             * @description Address of the last refresh
             * @example 192.0.2.1
             */
            refreshed_address: string | null;
            /**
             * @description What each refresh of the session has to prove a key with: `dpop`, or `dbsc` for the device of the login. Null if it is bound to no key
             * @example dpop
             */
            binding: string | null;
            expires_at: components["schemas"]["Timestamp"];
        };
        SessionRecordsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @description Active sessions, the last refreshed first */
                sessions: components["schemas"]["SessionRecord"][];
                /**
                 * @description For the next page; null on the last one
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                next_cursor: string | null;
            };
        };
        OpenSessionRequest: {
            /** @description A name by which the user recognises the session, for example the User-Agent */
            device?: string;
            /** @description The address from which the user logged in, IPv4 or IPv6 */
            address?: string;
            /** @description The JWK thumbprint (RFC 7638) of the key that the session is bound to. From then on each refresh needs a DPoP proof of it. Your application must have seen a proof of it, with the login of the user */
            jkt?: string;
            claims?: components["schemas"]["Claims"];
        };
        SessionOpenedResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 201;
            data: {
                /** @constant */
                message: "Session opened";
                /**
                 * Format: uuid
                 * @description `sid` of the tokens
                 */
                session_id: string;
                access_token: components["schemas"]["Jwt"];
                token_type: components["schemas"]["TokenType"];
                expires_in: components["schemas"]["ExpiresIn"];
                refresh_token: components["schemas"]["Jwt"];
            };
        };
        ExplainedSession: {
            /**
             * Format: uuid
             * @description `sid` of the tokens
             */
            id: string;
            /**
             * @description User-Agent of the login
             * @example Mozilla/5.0 (X11; Linux x86_64)
             */
            device: string | null;
            /**
             * @description Address of the login
             * @example 192.0.2.1
             */
            address: string | null;
            created_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description Null when only events are left of the session
             * @example 2026-11-22T09:00:00.000Z
             */
            refreshed_at: string | null;
            /**
             * Format: date-time
             * @description Null while the session is active, and with the reason `expired`
             * @example 2026-11-22T09:00:00.000Z
             */
            ended_at: string | null;
            /**
             * @description `active`; the `reason` of the event `session.revoked`; `idle` or `max_age` for the two deadlines; `expired` for one of
             *     them, if an older version of the service has deleted the session
             * @example logout
             */
            reason: string;
            /**
             * @description The reason in words
             * @example The user logged out.
             */
            explanation: string;
        };
        SessionHistoryResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                sessions: components["schemas"]["ExplainedSession"][];
                /**
                 * @description For the next page; null on the last one
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                next_cursor: string | null;
            };
        };
        /**
         * @description Opaque; it does not expire
         * @example 4711
         */
        EventCursor: string;
        /**
         * @description An id as in the events. Ids from old versions may be other texts than UUIDs
         * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
         */
        EventSubject: string;
        /** @description An event, in the list and in the webhook */
        SecurityEvent: {
            /** @example 5b1c4f0e-9a52-4d7e-8d0a-4b8f6c212f0b */
            id: string;
            /**
             * @description What happened. Later versions may have more types
             * @example session.opened
             */
            type: string;
            timestamp: components["schemas"]["Timestamp"];
            /** @description Whom it concerns, why it happened, and the request that caused it. Null is unknown, or does not apply */
            data: {
                /** @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21 */
                user_id: string | null;
                /** @example 1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa */
                session_id: string | null;
                /**
                 * @description A word that depends on the type, such as `logout`
                 * @example logout
                 */
                reason: string | null;
                /**
                 * @description The kind of token, for events that both refreshes and exchanges can cause
                 * @example refresh
                 */
                kind: string | null;
                /** @example 192.0.2.1 */
                address: string | null;
                /** @example A browser */
                user_agent: string | null;
                /** @example 1f0e5c1b-8f0b-4a52-9d7e-3d0a4b8f6c21 */
                request_id: string | null;
            };
        };
        SecurityEventsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                events: components["schemas"]["SecurityEvent"][];
                /**
                 * @description For the next page; null on the last one
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                next_cursor: string | null;
            };
        };
        /** @description A public key (RFC 7517, RFC 7518 §6, RFC 8037 §2) */
        JsonWebKey: {
            /** @description The thumbprint of the key (RFC 7638) */
            kid: string;
            /** @enum {string} */
            kty: "EC" | "RSA" | "OKP";
            /**
             * @description The only algorithm of this key
             * @enum {string}
             */
            alg: "ES256" | "RS256" | "EdDSA";
            /** @constant */
            use: "sig";
            /**
             * @description With `EC` and `OKP`
             * @enum {string}
             */
            crv?: "P-256" | "Ed25519";
            /** @description With `EC` and `OKP` */
            x?: string;
            /** @description With `EC` */
            y?: string;
            /** @description With `RSA` */
            n?: string;
            /** @description With `RSA` */
            e?: string;
        };
        JsonWebKeySet: {
            keys: components["schemas"]["JsonWebKey"][];
        };
        /** @description Authorization server metadata (RFC 8414 §2) */
        IssuerDocument: {
            /** @description The claim `iss` of tokens */
            issuer: string;
            jwks_uri: string;
            response_types_supported: string[];
            grant_types_supported: string[];
            /** @description That of `POST /revoke` (RFC 7009) */
            revocation_endpoint: string;
            revocation_endpoint_auth_methods_supported: string[];
            /** @description That of `POST /introspect` (RFC 7662), while it is on */
            introspection_endpoint?: string;
            /** @description `Bearer` and `client_secret_basic`, each with `INTROSPECTION_TOKEN` */
            introspection_endpoint_auth_methods_supported?: string[];
            service_documentation: string;
        };
        AliveResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "Alive";
            };
        };
        ReadyResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "Ready";
            };
        };
        OpenApiDocument: {
            openapi: string;
            info: {
                [key: string]: unknown;
            };
            paths: {
                [key: string]: unknown;
            };
        } & {
            [key: string]: unknown;
        };
    };
    responses: {
        /** @description The request carries different refresh tokens */
        ConflictingTokens: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "conflicting_refresh_tokens";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description No usable refresh token was presented, or its session is bound to a device (`DBSC`) or to a key (DPoP) that the request does not prove */
        InvalidRefreshToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "refresh_token_missing" | "refresh_token_invalid" | "refresh_token_expired" | "device_proof_required" | "dpop_proof_missing" | "invalid_dpop_proof" | "use_dpop_nonce" | "dpop_key_mismatch";
                "WWW-Authenticate": components["headers"]["Challenge"];
                "DPoP-Nonce": components["headers"]["DpopNonce"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The account is deactivated, or a cross-site request carried (or, at login, asked for) the refresh cookie */
        InactiveUserOrCrossSite: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "user_inactive" | "cross_site_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The account was deleted */
        UnknownUser: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "user_not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description This path does not have the method; every method that is not listed gets this response */
        MethodNotAllowed: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "method_not_allowed";
                Allow: components["headers"]["Allow"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is larger than 16 kB */
        BodyTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "body_too_large";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Too many requests of one account, session or address. Nothing was changed: a valid token can be used again after `Retry-After` */
        TooManyRequests: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "too_many_requests";
                "Retry-After": components["headers"]["RetryAfter"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A defect of this service; the log line with this request id has the details */
        InternalError: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "unexpected_error";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The database cannot be reached or written to, or does not answer in time. The request may have been carried out, or may be carried out later. A refresh or exchange can be sent again: its grace window begins when it is carried out. Or the browser has to renew the bound cookie (`DBSC`) first, which it does by itself */
        UnavailableOrUnproven: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "service_unavailable";
                "Set-Cookie": components["headers"]["ClearedBoundCookie"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body does not fit the contract */
        InvalidBody: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The access token cannot be exchanged, or can no longer be exchanged */
        InvalidExchange: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "access_token_invalid" | "access_token_expired" | "dpop_proof_missing" | "invalid_dpop_proof" | "use_dpop_nonce" | "dpop_key_mismatch";
                "WWW-Authenticate": components["headers"]["Challenge"];
                "DPoP-Nonce": components["headers"]["DpopNonce"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The account is deactivated, `EXPIRED_TOKEN_WINDOW_MINUTES` is 0, or a cross-site request carried the refresh cookie */
        ExchangeForbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "user_inactive" | "exchange_disabled" | "cross_site_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body is not declared as plain `application/json` */
        UnsupportedMediaType: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "unsupported_media_type";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The database cannot be reached or written to, or does not answer in time. The request may have been carried out, or may be carried out later. A refresh or exchange can be sent again: its grace window begins when it is carried out */
        Unavailable: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "service_unavailable";
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body does not fit the contract, or the new password is not acceptable */
        InvalidBodyOrPassword: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description `REGISTRATION` is `closed`, or a cross-site request carried the refresh cookie */
        RegistrationForbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "registration_closed" | "cross_site_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The username is taken (case is ignored) */
        UsernameTaken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "username_taken";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The database cannot be reached or written to, or does not answer in time: the request may have been carried out, or may be carried out later. Or too many passwords wait to be checked: nothing was changed */
        UnavailableOrBusy: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "service_unavailable" | "too_many_logins";
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The username or the password is wrong; the response does not say which. Or the DPoP proof cannot be used */
        InvalidCredentials: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "credentials_invalid" | "invalid_dpop_proof" | "use_dpop_nonce";
                "WWW-Authenticate": components["headers"]["Challenge"];
                "DPoP-Nonce": components["headers"]["DpopNonce"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /**
         * @description The account is deactivated, a page that is not in `CORS_ORIGINS` asked for the refresh cookie, or the browser would drop the
         *     cookie: the page is listed but on another site, or it came by plain http
         */
        LoginForbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "user_inactive" | "cross_site_request" | "cookie_over_plain_http" | "cookie_of_another_site";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description No token was presented that identifies a session */
        InvalidLogoutToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "token_missing" | "token_invalid" | "dpop_proof_missing" | "invalid_dpop_proof" | "use_dpop_nonce";
                "Set-Cookie": components["headers"]["ClearedCookie"];
                "WWW-Authenticate": components["headers"]["Challenge"];
                "DPoP-Nonce": components["headers"]["DpopNonce"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A cross-site request carried the refresh cookie */
        CrossSite: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "cross_site_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description No usable access token was presented */
        InvalidAccessToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "access_token_missing" | "access_token_invalid" | "access_token_expired" | "dpop_proof_missing" | "invalid_dpop_proof" | "use_dpop_nonce";
                "WWW-Authenticate": components["headers"]["Challenge"];
                "DPoP-Nonce": components["headers"]["DpopNonce"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The account is deactivated, the current password is wrong, or a cross-site request carried the refresh cookie */
        PasswordForbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "user_inactive" | "current_password_wrong" | "cross_site_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The reset token is unknown, used, replaced or expired, or its user is gone or deactivated; the response does not say which */
        InvalidResetToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "reset_token_invalid";
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The account is deactivated */
        InactiveUser: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "user_inactive";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The proof is missing, malformed, too old or not signed with its key, or the session cannot be bound any more */
        InvalidDeviceProof: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "device_proof_invalid";
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description `DBSC` is `off` */
        DbscOff: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The session is over, or it is bound to another key. The browser has to forget its own */
        DeviceSessionEnded: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "device_session_ended";
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The browser has to sign the challenge, or a cross-site request carried the refresh cookie */
        DeviceProofRequiredOrCrossSite: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "device_proof_required" | "cross_site_request";
                /**
                 * @description What the browser has to sign, unless the request was cross-site
                 * @example "1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa.2992464.47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";id="1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa.6_GB2voQ0qroMh6OlDFCFS_SJriQi1PTvvBOhGZ3bHI.IegOJULyE7SxH_Cd1KCER7lWBvGFHQ-h0xyjzUjEIWE.47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
                 */
                "Secure-Session-Challenge"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A parameter does not fit the contract, or does not exist */
        InvalidSessionsQuery: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description An id in the path is not a UUID */
        InvalidId: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The account was deleted, or it has no such active session */
        UnknownUserOrSession: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "session_not_found" | "user_not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The form does not fit the contract. Members that are not in the contract are ignored (RFC 6749 §3.2) */
        InvalidForm: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The body is not declared as plain `application/x-www-form-urlencoded` */
        UnsupportedForm: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "unsupported_media_type";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description No `INTROSPECTION_TOKEN` was presented in `Authorization` */
        InvalidIntrospectionToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "introspection_token_missing" | "introspection_token_invalid";
                "WWW-Authenticate": components["headers"]["AnyChallenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Introspection is off: neither `INTROSPECTION_TOKEN` nor `REVOCATIONS_TOKEN` is set */
        IntrospectionOff: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The client has this version, which it has named in `If-None-Match` */
        NotModified: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoCache"];
                ETag: components["headers"]["ETag"];
                Vary: components["headers"]["VaryEncoding"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description A parameter does not fit the contract, or does not exist */
        InvalidRevocationsQuery: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description No `REVOCATIONS_TOKEN` was presented in `Authorization` */
        InvalidRevocationsToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "revocations_token_missing" | "revocations_token_invalid";
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The feed is off: `REVOCATIONS_TOKEN` is not set */
        RevocationsOff: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description A parameter does not fit the contract, or does not exist */
        InvalidQuery: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description No `ADMIN_TOKEN` was presented in `Authorization` */
        InvalidAdminToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "admin_token_missing" | "admin_token_invalid";
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description Administration is off: `ADMIN_TOKEN` is not set */
        AdministrationOff: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body does not fit the contract, or the new password, the hash or a claim is not acceptable */
        InvalidNewUser: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The username is taken (case is ignored), or the id is, also by a user who was deleted */
        UsernameOrIdTaken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "username_taken" | "id_taken";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The id in the path cannot be that of a user */
        InvalidUserId: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description There is no such user, or administration is off */
        UnknownUserOrOff: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "user_not_found" | "not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The body does not fit the contract, the id in the path cannot be that of a user, or the password is not acceptable */
        InvalidIdOrPassword: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The body does not fit the contract, a claim is not acceptable, or the id in the path cannot be that of a user */
        InvalidIdOrClaims: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The body does not fit the contract, or the id in the path cannot be that of a user */
        InvalidIdOrUsername: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The id in the path cannot be that of a user, or a parameter does not fit the contract or does not exist */
        InvalidIdOrQuery: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The body does not fit the contract, a claim is not acceptable, or the id in the path cannot be that of a user */
        InvalidBodyOrId: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The same request has opened a session, which has been ended since */
        OpenedSessionEnded: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "session_ended";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description An id in the path cannot be that of a user, or is no UUID */
        InvalidUserOrSessionId: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "invalid_request";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description There is no such user, or the user has no such active session, or administration is off */
        UnknownUserOrSessionOrOff: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "session_not_found" | "user_not_found" | "not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The client has this version, which it has named in `If-None-Match` */
        KeysNotModified: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["KeepBriefly"];
                ETag: components["headers"]["ETag"];
                Vary: components["headers"]["VaryEncoding"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The service does not know its address, or its tokens name another issuer */
        NoIssuer: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The database is unreachable or not migrated, or the service is shutting down */
        NotReady: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "service_unavailable" | "shutting_down";
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
        /** @description The client has this version, which it has named in `If-None-Match` */
        PageNotModified: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoCache"];
                ETag: components["headers"]["ETag"];
                Vary: components["headers"]["VaryEncoding"];
                "Content-Security-Policy": components["headers"]["DocsPolicy"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description There is no file with this name */
        NotFound: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                /** @description The error as a word */
                "Rekindle-Error": "not_found";
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Error"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /**
         * @description The request's id, copied from the request if it is well-formed there and cannot be a secret
         * @example 0f8c2d6e-5b1a-4c3f-9e7d-2a6b8c4d0e1f
         */
        RequestId: string;
        /**
         * @description No response of this service may be stored (RFC 6749 §5.1)
         * @example no-store
         */
        NoStore: "no-store";
        /**
         * @description The refresh token as an HTTP-only cookie, in cookie mode only (`HttpOnly; SameSite=Strict; Path=/`, and `Secure` unless switched off)
         * @example __Host-refresh_token=eyJhbGciOiJIUzI1NiJ9.eyJ0eXBlIjoicmVmcmVzaCJ9.c2ln; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Strict
         */
        RefreshCookie: string;
        /**
         * @description In cookie mode while `DBSC` is `optional`, and at a refresh only if the session is not bound: a browser with Device Bound Session Credentials makes a key and registers it
         * @example (ES256);path="dbsc/registration";challenge="1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa.2992464.47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
         */
        DeviceRegistration: string;
        /**
         * @description The `nonce` of the next DPoP proofs (RFC 9449 §8), if the request had a proof or lacked one. It holds for two to four minutes
         * @example 47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU
         */
        DpopNonce: string;
        /**
         * @description How to authenticate (RFC 6750 §3). `DPoP` names the algorithms of proofs (RFC 9449 §7.1)
         * @example Bearer realm="rekindle", error="invalid_token"
         */
        Challenge: "Bearer realm=\"rekindle\"" | "Bearer realm=\"rekindle\", error=\"invalid_token\"" | "DPoP realm=\"rekindle\", algs=\"ES256 Ed25519 EdDSA\"" | "DPoP realm=\"rekindle\", error=\"invalid_token\", algs=\"ES256 Ed25519 EdDSA\"" | "DPoP realm=\"rekindle\", error=\"invalid_dpop_proof\", algs=\"ES256 Ed25519 EdDSA\"" | "DPoP realm=\"rekindle\", error=\"use_dpop_nonce\", algs=\"ES256 Ed25519 EdDSA\"";
        /**
         * @description The methods of this path
         * @example POST
         */
        Allow: string;
        /**
         * @description Seconds to wait before the next attempt
         * @example 2
         */
        RetryAfter: number;
        /**
         * @description The limit that is used up (draft-ietf-httpapi-ratelimit-headers), with the remaining requests (`r`) and the seconds until the next attempt (`t`)
         * @example "login-account";r=0;t=30
         */
        RateLimit: string;
        /**
         * @description The number of requests (`q`) that the limit allows within a number of seconds (`w`)
         * @example "login-account";q=100;w=3600
         */
        RateLimitPolicy: string;
        /**
         * @description Deletes a bound cookie that the request carried, because it has expired or may be of another session
         * @example __Host-refresh_token-bound=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict
         */
        ClearedBoundCookie: string;
        /**
         * @description Deletes the refresh cookie, if the request carried the cookie of the session that has ended
         * @example __Host-refresh_token=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict
         */
        ClearedCookie: string;
        /**
         * @description What the browser signs next
         * @example "1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa.2992464.47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";id="1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa.6_GB2voQ0qroMh6OlDFCFS_SJriQi1PTvvBOhGZ3bHI.IegOJULyE7SxH_Cd1KCER7lWBvGFHQ-h0xyjzUjEIWE.47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
         */
        DeviceChallenge: string;
        /**
         * @description Proves the device for ten minutes. Its name is that of the refresh cookie with `-bound`
         * @example __Host-refresh_token-bound=1795996800000.0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I.47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU; Max-Age=540; Path=/; HttpOnly; Secure; SameSite=Strict
         */
        BoundCookie: string;
        /**
         * @description How to authenticate, by the scheme that was tried (RFC 6749 §5.2)
         * @example Bearer realm="rekindle", error="invalid_token"
         */
        AnyChallenge: "Bearer realm=\"rekindle\"" | "Bearer realm=\"rekindle\", error=\"invalid_token\"" | "Basic realm=\"rekindle\", charset=\"UTF-8\"";
        /**
         * @description The response may be kept, and is asked for again with `If-None-Match` before it is used
         * @example no-cache
         */
        NoCache: "no-cache";
        /**
         * @description The version of what is sent, for `If-None-Match`. It differs for each content coding
         * @example "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
         */
        ETag: string;
        /**
         * @description The content coding, brotli, gzip or none, depends on `Accept-Encoding`
         * @example Accept-Encoding
         */
        VaryEncoding: string;
        /**
         * @description The response may be used for five minutes, and is then asked for again with `If-None-Match`
         * @example public, max-age=300
         */
        KeepBriefly: "public, max-age=300";
        /**
         * @description Nothing from other hosts
         * @example default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
         */
        DocsPolicy: "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    refreshToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A new access token, and with rotation the next refresh token */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["RefreshCookie"];
                    "Secure-Session-Registration": components["headers"]["DeviceRegistration"];
                    "DPoP-Nonce": components["headers"]["DpopNonce"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefreshResult"];
                };
            };
            400: components["responses"]["ConflictingTokens"];
            401: components["responses"]["InvalidRefreshToken"];
            403: components["responses"]["InactiveUserOrCrossSite"];
            404: components["responses"]["UnknownUser"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrUnproven"];
        };
    };
    exchangeToken: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExchangeRequest"];
            };
        };
        responses: {
            /** @description A new access token */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    /**
                     * @description Since when this operation is deprecated (RFC 9745). No date is set for its removal
                     * @example @1795996800
                     */
                    Deprecation: "@1795996800";
                    "DPoP-Nonce": components["headers"]["DpopNonce"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExchangeResult"];
                };
            };
            400: components["responses"]["InvalidBody"];
            401: components["responses"]["InvalidExchange"];
            403: components["responses"]["ExchangeForbidden"];
            404: components["responses"]["UnknownUser"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RegisterRequest"];
            };
        };
        responses: {
            /** @description The new user */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRegisteredResult"];
                };
            };
            400: components["responses"]["InvalidBodyOrPassword"];
            403: components["responses"]["RegistrationForbidden"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["UsernameTaken"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrBusy"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginRequest"];
            };
        };
        responses: {
            /** @description The tokens of a new session */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["RefreshCookie"];
                    "Secure-Session-Registration": components["headers"]["DeviceRegistration"];
                    "DPoP-Nonce": components["headers"]["DpopNonce"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedInResult"];
                };
            };
            400: components["responses"]["InvalidBody"];
            401: components["responses"]["InvalidCredentials"];
            403: components["responses"]["LoginForbidden"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrBusy"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["ClearedCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoggedOutResult"];
                };
            };
            401: components["responses"]["InvalidLogoutToken"];
            403: components["responses"]["CrossSite"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    logoutAll: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All sessions have ended */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["ClearedCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsEndedResult"];
                };
            };
            401: components["responses"]["InvalidAccessToken"];
            403: components["responses"]["InactiveUserOrCrossSite"];
            404: components["responses"]["UnknownUser"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordRequest"];
            };
        };
        responses: {
            /** @description The password is changed */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["RefreshCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordResult"];
                };
            };
            400: components["responses"]["InvalidBodyOrPassword"];
            401: components["responses"]["InvalidAccessToken"];
            403: components["responses"]["PasswordForbidden"];
            404: components["responses"]["UnknownUser"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrBusy"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordResetRequest"];
            };
        };
        responses: {
            /** @description The password is set */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordSetResult"];
                };
            };
            400: components["responses"]["InvalidBodyOrPassword"];
            401: components["responses"]["InvalidResetToken"];
            403: components["responses"]["CrossSite"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrBusy"];
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserResult"];
                };
            };
            401: components["responses"]["InvalidAccessToken"];
            403: components["responses"]["InactiveUser"];
            404: components["responses"]["UnknownUser"];
            405: components["responses"]["MethodNotAllowed"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    registerDevice: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the browser does for the session, in the format of that specification */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Secure-Session-Challenge": components["headers"]["DeviceChallenge"];
                    "Set-Cookie": components["headers"]["ClearedBoundCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceSession"];
                };
            };
            401: components["responses"]["InvalidDeviceProof"];
            403: components["responses"]["CrossSite"];
            404: components["responses"]["DbscOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    refreshDevice: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `session_identifier` of the registration
                 * @example 1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa.6_GB2voQ0qroMh6OlDFCFS_SJriQi1PTvvBOhGZ3bHI.IegOJULyE7SxH_Cd1KCER7lWBvGFHQ-h0xyjzUjEIWE.47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU
                 */
                "Sec-Secure-Session-Id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A bound cookie for ten minutes, and what the browser does for the session */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Secure-Session-Challenge": components["headers"]["DeviceChallenge"];
                    "Set-Cookie": components["headers"]["BoundCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceSession"];
                };
            };
            401: components["responses"]["DeviceSessionEnded"];
            403: components["responses"]["DeviceProofRequiredOrCrossSite"];
            404: components["responses"]["DbscOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /**
                 * @description Maximum number of sessions
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description `next_cursor` of the previous page, unchanged
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                cursor?: components["schemas"]["Cursor"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsResult"];
                };
            };
            400: components["responses"]["InvalidSessionsQuery"];
            401: components["responses"]["InvalidAccessToken"];
            403: components["responses"]["InactiveUser"];
            404: components["responses"]["UnknownUser"];
            405: components["responses"]["MethodNotAllowed"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A session's id, as in `GET /api/auth/sessions`
                 * @example 1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["ClearedCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionEndedResult"];
                };
            };
            400: components["responses"]["InvalidId"];
            401: components["responses"]["InvalidAccessToken"];
            403: components["responses"]["InactiveUserOrCrossSite"];
            404: components["responses"]["UnknownUserOrSession"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    revoke: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["RevocationRequest"];
            };
        };
        responses: {
            /** @description The token is not valid any more */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidForm"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedForm"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    introspect: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": components["schemas"]["IntrospectionRequest"];
            };
        };
        responses: {
            /** @description Whether the token is active */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Introspection"];
                };
            };
            400: components["responses"]["InvalidForm"];
            401: components["responses"]["InvalidIntrospectionToken"];
            404: components["responses"]["IntrospectionOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedForm"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRevocations: {
        parameters: {
            query?: {
                /**
                 * @description `cursor` of the previous answer, unchanged
                 * @example 4711.f3Xk0bTq9A
                 */
                cursor?: components["schemas"]["FeedCursor"];
                /**
                 * @description Seconds to wait for a revocation, if there is none after `cursor`
                 * @example 0
                 */
                wait?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What has ended */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoCache"];
                    ETag: components["headers"]["ETag"];
                    Vary: components["headers"]["VaryEncoding"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevocationsResult"];
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["InvalidRevocationsQuery"];
            401: components["responses"]["InvalidRevocationsToken"];
            404: components["responses"]["RevocationsOff"];
            405: components["responses"]["MethodNotAllowed"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /**
                 * @description Maximum number of users
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description `next_cursor` of the previous page, unchanged
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                cursor?: components["schemas"]["UserCursor"];
                /**
                 * @description Only the user with this name, compared as at a login
                 * @example ada
                 */
                username?: components["schemas"]["Username"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The users */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRecordsResult"];
                };
            };
            400: components["responses"]["InvalidQuery"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["AdministrationOff"];
            405: components["responses"]["MethodNotAllowed"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateUserRequest"];
            };
        };
        responses: {
            /** @description The new user */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserCreatedResult"];
                };
            };
            400: components["responses"]["InvalidNewUser"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["AdministrationOff"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["UsernameOrIdTaken"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrBusy"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRecordResult"];
                };
            };
            400: components["responses"]["InvalidUserId"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user was deleted */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDeletedResult"];
                };
            };
            400: components["responses"]["InvalidUserId"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deactivateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is deactivated */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserDeactivatedResult"];
                };
            };
            400: components["responses"]["InvalidUserId"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    activateUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is active */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserActivatedResult"];
                };
            };
            400: components["responses"]["InvalidUserId"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    setUserPassword: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetPasswordRequest"];
            };
        };
        responses: {
            /** @description The password is set */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordSetResult"];
                };
            };
            400: components["responses"]["InvalidIdOrPassword"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrBusy"];
        };
    };
    requestPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordResetRequestedResult"];
                };
            };
            400: components["responses"]["InvalidUserId"];
            401: components["responses"]["InvalidAdminToken"];
            403: components["responses"]["InactiveUser"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    setUserClaims: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetClaimsRequest"];
            };
        };
        responses: {
            /** @description The user with the claims */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRecordResult"];
                };
            };
            400: components["responses"]["InvalidIdOrClaims"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    renameUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenameUserRequest"];
            };
        };
        responses: {
            /** @description The user with the new name */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserRecordResult"];
                };
            };
            400: components["responses"]["InvalidIdOrUsername"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["UsernameTaken"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUserSessions: {
        parameters: {
            query?: {
                /**
                 * @description Maximum number of sessions
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description `next_cursor` of the previous page, unchanged
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                cursor?: components["schemas"]["Cursor"];
            };
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRecordsResult"];
                };
            };
            400: components["responses"]["InvalidIdOrQuery"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    openUserSession: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Chosen by the caller for each session, for example a UUID. The same request with the same key within the grace window
                 *     (`REFRESH_TOKEN_GRACE_SECONDS`) gets the same session again, in case the first response was lost
                 * @example 8e03978e-40d5-43e8-bc93-6894a57f9324
                 */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenSessionRequest"];
            };
        };
        responses: {
            /** @description The tokens of a new session */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionOpenedResult"];
                };
            };
            400: components["responses"]["InvalidBodyOrId"];
            401: components["responses"]["InvalidAdminToken"];
            403: components["responses"]["InactiveUser"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["OpenedSessionEnded"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    endUserSessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All sessions have ended */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionsEndedResult"];
                };
            };
            400: components["responses"]["InvalidUserId"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    endUserSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
                /**
                 * @description A session's id, `sid` of its tokens
                 * @example 1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa
                 */
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionEndedResult"];
                };
            };
            400: components["responses"]["InvalidUserOrSessionId"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrSessionOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    explainUserSessions: {
        parameters: {
            query?: {
                /**
                 * @description Maximum number of sessions
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description `next_cursor` of the previous page, unchanged
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                cursor?: components["schemas"]["Cursor"];
            };
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: components["schemas"]["UserId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sessions */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionHistoryResult"];
                };
            };
            400: components["responses"]["InvalidIdOrQuery"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /**
                 * @description Maximum number of events
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description `next_cursor` of the previous page, unchanged
                 * @example 4711
                 */
                cursor?: components["schemas"]["EventCursor"];
                /**
                 * @description Only events of this user
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                user_id?: components["schemas"]["EventSubject"];
                /**
                 * @description Only events of this session
                 * @example 0c9f8a3e-5a44-4a3f-8a39-1d7f0d9a6b10
                 */
                session_id?: components["schemas"]["EventSubject"];
                /**
                 * @description Only events of this type
                 * @example session.revoked
                 */
                type?: string;
                /**
                 * @description Only events since this time, with any offset. In a URL, `+` is written `%2B`
                 * @example 2026-11-22T08:00:00.000Z
                 */
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecurityEventsResult"];
                };
            };
            400: components["responses"]["InvalidQuery"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["AdministrationOff"];
            405: components["responses"]["MethodNotAllowed"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    jwks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["KeepBriefly"];
                    ETag: components["headers"]["ETag"];
                    Vary: components["headers"]["VaryEncoding"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JsonWebKeySet"];
                };
            };
            304: components["responses"]["KeysNotModified"];
            405: components["responses"]["MethodNotAllowed"];
        };
    };
    issuerMetadata: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metadata */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoCache"];
                    ETag: components["headers"]["ETag"];
                    Vary: components["headers"]["VaryEncoding"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuerDocument"];
                };
            };
            304: components["responses"]["NotModified"];
            404: components["responses"]["NoIssuer"];
            405: components["responses"]["MethodNotAllowed"];
        };
    };
    livez: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Alive */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliveResult"];
                };
            };
            405: components["responses"]["MethodNotAllowed"];
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ready */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyResult"];
                };
            };
            405: components["responses"]["MethodNotAllowed"];
            503: components["responses"]["NotReady"];
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The contract */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoCache"];
                    ETag: components["headers"]["ETag"];
                    Vary: components["headers"]["VaryEncoding"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenApiDocument"];
                };
            };
            304: components["responses"]["NotModified"];
            405: components["responses"]["MethodNotAllowed"];
        };
    };
    docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoCache"];
                    ETag: components["headers"]["ETag"];
                    Vary: components["headers"]["VaryEncoding"];
                    "Content-Security-Policy": components["headers"]["DocsPolicy"];
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            304: components["responses"]["PageNotModified"];
            405: components["responses"]["MethodNotAllowed"];
        };
    };
    docsAsset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The name of the file
                 * @example docs.js
                 */
                asset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoCache"];
                    ETag: components["headers"]["ETag"];
                    Vary: components["headers"]["VaryEncoding"];
                    "Content-Security-Policy": components["headers"]["DocsPolicy"];
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                    "text/javascript": string;
                };
            };
            304: components["responses"]["PageNotModified"];
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
        };
    };
    receiveSecurityEvent: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description `id` of the event
                 * @example 5b1c4f0e-9a52-4d7e-8d0a-4b8f6c212f0b
                 */
                "webhook-id": string;
                /**
                 * @description When this attempt was made, in seconds since the epoch
                 * @example 1795334400
                 */
                "webhook-timestamp": string;
                /**
                 * @description A signature of version 1, HMAC-SHA256
                 * @example v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
                 */
                "webhook-signature": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecurityEvent"];
            };
        };
        responses: {
            /** @description The event is stored, and is not sent again */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The receiver is unavailable. Redirects are not followed. The event is sent again until its retention ends */
            "3XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description With 401, 403, 404, 408 and 429 the receiver counts as unavailable, and the event is sent again until its retention ends. With any other status it refuses the event, which is given up after 400 refusals */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description With 502, 503 and 504 the receiver counts as unavailable, and the event is sent again until its retention ends. With any other status it refuses the event, which is given up after 400 refusals */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
