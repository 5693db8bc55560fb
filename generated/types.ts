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
         * @description The refresh token comes in `Authorization: Bearer …` (header mode) or in the HTTP-only cookie (cookie mode); the body
         *     is ignored. With rotation the presented token is superseded and its successor comes back the way it came: in
         *     `refresh_token` or as a new cookie.
         *
         *     A response that got lost is no loss: the same token presented again within the grace window (30 s by default) gets the
         *     byte-identical successor. Later, or with an older token, it is reuse, and the session ends.
         *
         *     Checked in this order: cross-site, missing, readable and authentic, expired, user known, user active, session and generation.
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
         * Exchange an access token, expired or not, for a new one
         * @description For clients that hold an access token only. The token may be expired, but not longer than
         *     `EXPIRED_TOKEN_WINDOW_MINUTES` (24 h by default; 0 switches this operation off), its session has to live and its user
         *     to be active. A token is exchanged once and is dead from then on; a repetition within the grace window gets the same
         *     successor, a later one counts as reuse and ends the session.
         *
         *     This makes an access token its own refresh credential, which RFC 9700 warns of. Prefer `POST /refresh_token`.
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
         * Create an account
         * @description Open or closed by the setting `REGISTRATION`. It does not log in.
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
         * Open a session
         * @description An unknown username and a wrong password get the same answer after the same time. With `cookie` it may not be a cross-site
         *     request.
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
         * End the session
         * @description By refresh token (header or cookie) or by access token, expired or not: whatever identifies the session ends it.
         *     When it was over already, that is a success too. A refresh that is in flight does not survive it.
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
         * End all sessions of the user
         * @description The one that asks included.
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
         * @description All other sessions of the user end; the one that asks goes on.
         */
        post: operations["changePassword"];
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
         * Who am I
         * @description The user that the access token belongs to.
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
    "/api/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is logged in where
         * @description The living sessions of the user, last refreshed first, 100 at the most.
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
         * End one session
         * @description The current one too, which is then a logout.
         */
        delete: operations["endSession"];
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
         * Is the process alive
         * @description Says nothing of the database: restart the process when this fails, and only then.
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
         * Can it take requests
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
         * This contract, bundled
         * @description The document that types, validators, routes and clients are made from.
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
         * The contract as pages to read and try
         * @description Served by this service alone: nothing is loaded from other hosts.
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
         * Scripts and styles of the pages
         * @description What `/docs` loads.
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
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Jwt: string;
        /**
         * @description RFC 6750; written in lower case
         * @constant
         */
        TokenType: "bearer";
        /** @description Seconds until the access token expires */
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
                /** @description The successor of the presented token; in header mode, with rotation */
                refresh_token?: components["schemas"]["Jwt"];
            };
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
        InvalidRequest: {
            /** @constant */
            status: "error";
            /** @constant */
            code: 400;
            /** @constant */
            message: "Invalid request.";
            /** @description What does not fit, and where */
            errors: {
                /** @description Members and indexes, joined by dots; empty for the whole */
                path: string;
                message: string;
            }[];
        };
        /** @description Stored as given; compared by Unicode NFKC and case folding, so that `Ada` and `ada` are one name. No white space, no control or format characters. */
        Username: string;
        /** @description At least 8 characters; no rules of composition (NIST SP 800-63B-4 §3.1.1.2) */
        NewPassword: string;
        RegisterRequest: {
            username: components["schemas"]["Username"];
            password: components["schemas"]["NewPassword"];
        };
        /**
         * Format: date-time
         * @description RFC 3339, UTC, with milliseconds
         */
        Timestamp: string;
        User: {
            /**
             * Format: uuid
             * @description `sub` of the tokens
             */
            id: string;
            username: components["schemas"]["Username"];
            created_at: components["schemas"]["Timestamp"];
        };
        RegisterResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 201;
            data: components["schemas"]["User"];
        };
        Password: string;
        LoginRequest: {
            username: components["schemas"]["Username"];
            password: components["schemas"]["Password"];
            /** @description True puts the refresh token into an HTTP-only cookie, and not into the body */
            cookie?: boolean;
        };
        LoginResult: {
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
                /** @description Unless `cookie` was asked for */
                refresh_token?: components["schemas"]["Jwt"];
            };
        };
        LogoutAllResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @constant */
                message: "All sessions ended";
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
                sessions_ended: number;
            };
        };
        MeResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: components["schemas"]["User"];
        };
        Session: {
            /**
             * Format: uuid
             * @description `sid` of the tokens
             */
            id: string;
            /** @description User-Agent of the login */
            device: string | null;
            /** @description Address that the login came from */
            address: string | null;
            created_at: components["schemas"]["Timestamp"];
            refreshed_at: components["schemas"]["Timestamp"];
            refresh_count: number;
            expires_at: components["schemas"]["Timestamp"];
            /** @description Whether the access token of this request belongs to it */
            current: boolean;
        };
        SessionsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @description Those that live, last refreshed first */
                sessions: components["schemas"]["Session"][];
            };
        };
    };
    responses: {
        /** @description The header and the cookie carry different refresh tokens */
        ConflictingTokens: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 400;
                    /** @constant */
                    message: "Conflicting refresh tokens.";
                };
            };
        };
        /** @description No usable refresh token was presented */
        InvalidRefreshToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 401;
                    /** @enum {string} */
                    message: "Refresh token missing." | "Invalid refresh token." | "Refresh token has expired.";
                };
            };
        };
        /** @description The account is deactivated, or a cross-site request carried (or, at login, asked for) the refresh cookie */
        InactiveUserOrCrossSite: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 403;
                    /** @enum {string} */
                    message: "User is inactive." | "Cross-site request refused.";
                };
            };
        };
        /** @description The account is gone */
        UnknownUser: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 404;
                    /** @constant */
                    message: "User not found.";
                };
            };
        };
        /** @description This path has other methods (any other one answers so) */
        MethodNotAllowed: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                Allow: components["headers"]["Allow"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 405;
                    /** @constant */
                    message: "Method not allowed.";
                };
            };
        };
        /** @description The body is larger than 16 kB */
        BodyTooLarge: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 413;
                    /** @constant */
                    message: "Request body too large.";
                };
            };
        };
        /** @description A defect of this service; the log line of this request id tells more */
        InternalError: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 500;
                    /** @constant */
                    message: "An unexpected error occurred";
                };
            };
        };
        /** @description The database cannot be reached or written to; nothing was changed */
        Unavailable: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 503;
                    /** @constant */
                    message: "Service unavailable.";
                };
            };
        };
        /** @description The body does not fit the contract */
        InvalidBody: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The access token cannot be exchanged (any more) */
        InvalidExchange: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 401;
                    /** @enum {string} */
                    message: "Invalid access token." | "Access token has expired.";
                };
            };
        };
        /** @description The account is deactivated, `EXPIRED_TOKEN_WINDOW_MINUTES` is 0, or a cross-site request carried the refresh cookie */
        ExchangeForbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 403;
                    /** @enum {string} */
                    message: "User is inactive." | "Exchange is disabled." | "Cross-site request refused.";
                };
            };
        };
        /** @description The body is not declared as plain `application/json` */
        UnsupportedMediaType: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 415;
                    /** @constant */
                    message: "Unsupported media type.";
                };
            };
        };
        /** @description `REGISTRATION` is `closed`, or a cross-site request carried the refresh cookie */
        RegistrationForbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 403;
                    /** @enum {string} */
                    message: "Registration is closed." | "Cross-site request refused.";
                };
            };
        };
        /** @description The username is taken (compared without regard to case) */
        UsernameTaken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 409;
                    /** @constant */
                    message: "Username is taken.";
                };
            };
        };
        /** @description The database cannot be reached or written to, or too many passwords wait to be checked */
        UnavailableOrBusy: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 503;
                    /** @enum {string} */
                    message: "Service unavailable." | "Too many logins at once.";
                };
            };
        };
        /** @description No such username and password; which of the two is not told */
        InvalidCredentials: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 401;
                    /** @constant */
                    message: "Invalid credentials.";
                };
            };
        };
        /** @description Nothing was presented that identifies a session */
        InvalidLogoutToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "Set-Cookie": components["headers"]["ClearedCookie"];
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 401;
                    /** @enum {string} */
                    message: "Token missing." | "Invalid token.";
                };
            };
        };
        /** @description A cross-site request carried the refresh cookie */
        CrossSite: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 403;
                    /** @constant */
                    message: "Cross-site request refused.";
                };
            };
        };
        /** @description No usable access token was presented */
        InvalidAccessToken: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 401;
                    /** @enum {string} */
                    message: "Access token missing." | "Invalid access token." | "Access token has expired.";
                };
            };
        };
        /** @description The account is deactivated, the current password is wrong, or a cross-site request carried the refresh cookie */
        PasswordForbidden: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 403;
                    /** @enum {string} */
                    message: "User is inactive." | "Current password is wrong." | "Cross-site request refused.";
                };
            };
        };
        /** @description The account is deactivated */
        InactiveUser: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 403;
                    /** @constant */
                    message: "User is inactive.";
                };
            };
        };
        /** @description The id in the path is not a UUID */
        InvalidSessionId: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description The account is gone, or it has no such session that lives */
        UnknownUserOrSession: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 404;
                    /** @enum {string} */
                    message: "Session not found." | "User not found.";
                };
            };
        };
        /** @description The database is unreachable or not migrated, or the service is shutting down */
        NotReady: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 503;
                    /** @enum {string} */
                    message: "Service unavailable." | "Shutting down.";
                };
            };
        };
        /** @description Nothing of that name is here */
        NotFound: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 404;
                    /** @constant */
                    message: "Not found.";
                };
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /**
         * @description The request's id, taken over from the request when it was sane
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
         * @example __Host-refresh_token=eyJhbGciOiJIUzI1NiJ9.eyJ0eXBlIjoicmVmcmVzaCJ9.c2ln; Path=/; Secure; HttpOnly; SameSite=Strict
         */
        RefreshCookie: string;
        /**
         * @description How to authenticate (RFC 6750 §3)
         * @example Bearer realm="rekindle", error="invalid_token"
         */
        Challenge: string;
        /**
         * @description The methods that this path has
         * @example POST
         */
        Allow: string;
        /**
         * @description Seconds to wait before the next try
         * @example 2
         */
        RetryAfter: number;
        /**
         * @description Takes the refresh cookie away, when the request carried one whose session is over with it
         * @example __Host-refresh_token=; Max-Age=0; Path=/; Secure
         */
        ClearedCookie: string;
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
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
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
                    "application/json": components["schemas"]["RegisterResult"];
                };
            };
            400: components["responses"]["InvalidBody"];
            403: components["responses"]["RegistrationForbidden"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["UsernameTaken"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
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
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoginResult"];
                };
            };
            400: components["responses"]["InvalidBody"];
            401: components["responses"]["InvalidCredentials"];
            403: components["responses"]["InactiveUserOrCrossSite"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
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
            /** @description The session is over */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["ClearedCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        /** @constant */
                        code: 200;
                        data: {
                            /** @constant */
                            message: "Logged out successfully";
                        };
                    };
                };
            };
            401: components["responses"]["InvalidLogoutToken"];
            403: components["responses"]["CrossSite"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
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
            /** @description All sessions are over */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["ClearedCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogoutAllResult"];
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
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordResult"];
                };
            };
            400: components["responses"]["InvalidBody"];
            401: components["responses"]["InvalidAccessToken"];
            403: components["responses"]["PasswordForbidden"];
            404: components["responses"]["UnknownUser"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
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
                    "application/json": components["schemas"]["MeResult"];
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
    listSessions: {
        parameters: {
            query?: never;
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
                 * @description A session's id, as `GET /api/auth/sessions` tells it
                 * @example 1f0c9b1e-3a8e-4a39-8f57-52a4f1f2b7aa
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session is over */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    "Set-Cookie": components["headers"]["ClearedCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @constant */
                        status: "success";
                        /** @constant */
                        code: 200;
                        data: {
                            /** @constant */
                            message: "Session ended";
                        };
                    };
                };
            };
            400: components["responses"]["InvalidSessionId"];
            401: components["responses"]["InvalidAccessToken"];
            403: components["responses"]["InactiveUserOrCrossSite"];
            404: components["responses"]["UnknownUserOrSession"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
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
                    "application/json": {
                        /** @constant */
                        status: "success";
                        /** @constant */
                        code: 200;
                        data: {
                            /** @constant */
                            message: "Alive";
                        };
                    };
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
                    "application/json": {
                        /** @constant */
                        status: "success";
                        /** @constant */
                        code: 200;
                        data: {
                            /** @constant */
                            message: "Ready";
                        };
                    };
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
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        openapi: string;
                        info: {
                            [key: string]: unknown;
                        };
                        paths: {
                            [key: string]: unknown;
                        };
                    };
                };
            };
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
                    /**
                     * @description Nothing from other hosts
                     * @example default-src 'none'; script-src 'self'
                     */
                    "Content-Security-Policy": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
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
                    /**
                     * @description Nothing from other hosts
                     * @example default-src 'none'; script-src 'self'
                     */
                    "Content-Security-Policy": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/css": string;
                    "text/javascript": string;
                };
            };
            404: components["responses"]["NotFound"];
            405: components["responses"]["MethodNotAllowed"];
        };
    };
}
