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
         * @description All other sessions of the user end; the one that asks goes on, and so do its tokens.
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
    "/admin/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All users, page by page
         * @description In the order of their ids, which is that of their registration but for ids of old versions. A user who is there all
         *     the while is on exactly one page, whoever comes and goes meanwhile.
         */
        get: operations["listUsers"];
        put?: never;
        /**
         * Create an account
         * @description Whatever `REGISTRATION` says. Without a password the user cannot log in by `POST /api/auth/login`, and cannot set one:
         *     their logins are the application's, which opens sessions for them by `POST /admin/users/{id}/sessions`.
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
        /** One user */
        get: operations["getUser"];
        put?: never;
        post?: never;
        /**
         * Delete a user
         * @description With all their sessions. The username is free again, for anybody; the id never comes again.
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
         * Let a user no longer in
         * @description Ends all their sessions at once, and opens no new one, whoever asks. A success also when they were deactivated already.
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
         * Let a deactivated user in again
         * @description Sessions that were ended stay so. A success also when they were active already.
         */
        post: operations["activateUser"];
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
         * What of a user is logged in where
         * @description The living sessions, last refreshed first, 100 at the most.
         */
        get: operations["listUserSessions"];
        put?: never;
        /**
         * Open a session for a user whom the caller has authenticated
         * @description For an application that keeps its own login and uses Rekindle for sessions alone: no password is checked here. The
         *     tokens are those of a login, and the application hands them on.
         */
        post: operations["openUserSession"];
        /** End all sessions of a user */
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
        /** End one session of a user */
        delete: operations["endUserSession"];
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
         * Security events, page by page
         * @description The newest first, as `rekindle events` lists them. They outlive their users and sessions.
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
        /** @description Stored as given; compared by Unicode NFKC and case folding, so that `Ada` and `ada` are one name. No white space nor what looks like it (Hangul fillers), no control or format characters, no U+FFFD, which stands for what was lost. */
        Username: string;
        /** @description At least 8 characters, or as many as `PASSWORD_MIN_LENGTH` says, and at most 256 bytes in UTF-8, all of which count; both in Unicode NFC. Common passwords are refused, and those that contain the username. No rules of composition (NIST SP 800-63B-4 §3.1.1.2) */
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
        /** @description One that was set, in whatever Unicode normal form. Once 256 characters were allowed, which are up to 1024 in NFD */
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
        /** @description Opaque; it does not expire */
        Cursor: string;
        UserRecord: {
            /**
             * Format: uuid
             * @description `sub` of the tokens
             */
            id: string;
            username: components["schemas"]["Username"];
            created_at: components["schemas"]["Timestamp"];
            /**
             * Format: date-time
             * @description When the last session was opened
             */
            last_login_at: string | null;
            /**
             * Format: date-time
             * @description Null while the user is active
             */
            deactivated_at: string | null;
        };
        UserRecordsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                users: components["schemas"]["UserRecord"][];
                /** @description For the next page; null on the last one */
                next_cursor: components["schemas"]["Cursor"] | null;
            };
        };
        CreateUserRequest: {
            username: components["schemas"]["Username"];
            password?: components["schemas"]["NewPassword"];
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
        SessionRecord: {
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
        };
        SessionRecordsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                /** @description Those that live, last refreshed first */
                sessions: components["schemas"]["SessionRecord"][];
            };
        };
        OpenSessionRequest: {
            /** @description What the user's sessions are told apart by, their User-Agent for example */
            device?: string;
            /** @description Where the user logged in from */
            address?: string;
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
        /** @description Opaque; it does not expire */
        EventCursor: string;
        EventRecord: {
            id: string;
            /** Format: date-time */
            time: string;
            name: string;
            user_id: string | null;
            session_id: string | null;
            reason: string | null;
            /** @description By which kind of token, where there are two ways to the same */
            kind: string | null;
            address: string | null;
            user_agent: string | null;
            request_id: string | null;
        };
        EventRecordsResult: {
            /** @constant */
            status: "success";
            /** @constant */
            code: 200;
            data: {
                events: components["schemas"]["EventRecord"][];
                /** @description For the next page; null on the last one */
                next_cursor: components["schemas"]["EventCursor"] | null;
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
        /** @description Too many in too little time, by account, session or address. Nothing was changed: a token that was good is good after `Retry-After` */
        TooManyRequests: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                "Retry-After": components["headers"]["RetryAfter"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                [name: string]: unknown;
            };
            content: {
                "application/json": {
                    /** @constant */
                    status: "error";
                    /** @constant */
                    code: 429;
                    /** @constant */
                    message: "Too many requests.";
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
        /** @description The database cannot be reached or written to, or does not answer in time. What was asked for may have happened all the same, or may happen late. A refresh or exchange can be sent again: its grace window begins when it happens */
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
        /** @description The body does not fit the contract, or the new password is not good for one */
        InvalidBodyOrPassword: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
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
        /** @description The database cannot be reached or written to, or does not answer in time: what was asked for may have happened all the same, or may happen late. Or too many passwords wait to be checked: nothing was changed */
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
        /** @description An id in the path is not a UUID */
        InvalidId: {
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
        /** @description A parameter does not fit the contract, or is none that there is */
        InvalidQuery: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
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
                    message: "Admin token missing." | "Invalid admin token.";
                };
            };
        };
        /** @description Administration is off: `ADMIN_TOKEN` is not set */
        AdministrationOff: {
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
        /** @description There is no such user, or administration is off */
        UnknownUserOrOff: {
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
                    message: "User not found." | "Not found.";
                };
            };
        };
        /** @description The body does not fit the contract, or the id in the path is not a UUID */
        InvalidBodyOrId: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                "Cache-Control": components["headers"]["NoStore"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["InvalidRequest"];
            };
        };
        /** @description There is no such user, or they have no such session that lives, or administration is off */
        UnknownUserOrSessionOrOff: {
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
                    message: "Session not found." | "User not found." | "Not found.";
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
         * @description The limit that is used up (draft-ietf-httpapi-ratelimit-headers), with what is left of it (`r`) and the seconds until the next try (`t`)
         * @example "login-account";r=0;t=30
         */
        RateLimit: string;
        /**
         * @description How much (`q`) that limit allows in how many seconds (`w`)
         * @example "login-account";q=100;w=3600
         */
        RateLimitPolicy: string;
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
            429: components["responses"]["TooManyRequests"];
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
                    "application/json": components["schemas"]["RegisterResult"];
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
    listUsers: {
        parameters: {
            query?: {
                /**
                 * @description How many at the most
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description `next_cursor` of the page before, as it is
                 * @example XBsvDo8LSlKdfj0KS49sIQ
                 */
                cursor?: components["schemas"]["Cursor"];
                /**
                 * @description Only the user of this name, compared as at a login
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
            400: components["responses"]["InvalidBodyOrPassword"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["AdministrationOff"];
            405: components["responses"]["MethodNotAllowed"];
            409: components["responses"]["UsernameTaken"];
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
                id: string;
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
            400: components["responses"]["InvalidId"];
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
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is gone */
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
                            message: "User deleted";
                        };
                    };
                };
            };
            400: components["responses"]["InvalidId"];
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
                id: string;
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
                    "application/json": {
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
                };
            };
            400: components["responses"]["InvalidId"];
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
                id: string;
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
                    "application/json": {
                        /** @constant */
                        status: "success";
                        /** @constant */
                        code: 200;
                        data: {
                            /** @constant */
                            message: "User activated";
                        };
                    };
                };
            };
            400: components["responses"]["InvalidId"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUserSessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: string;
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
            400: components["responses"]["InvalidId"];
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
            header?: never;
            path: {
                /**
                 * @description A user's id, `sub` of their tokens
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                id: string;
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
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All sessions are over */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogoutAllResult"];
                };
            };
            400: components["responses"]["InvalidId"];
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
                id: string;
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
            /** @description The session is over */
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
                            message: "Session ended";
                        };
                    };
                };
            };
            400: components["responses"]["InvalidId"];
            401: components["responses"]["InvalidAdminToken"];
            404: components["responses"]["UnknownUserOrSessionOrOff"];
            405: components["responses"]["MethodNotAllowed"];
            413: components["responses"]["BodyTooLarge"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /**
                 * @description How many at the most
                 * @example 50
                 */
                limit?: number;
                /**
                 * @description `next_cursor` of the page before, as it is
                 * @example 4711
                 */
                cursor?: components["schemas"]["EventCursor"];
                /**
                 * @description Only those of this user
                 * @example 5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21
                 */
                user_id?: string;
                /**
                 * @description Only those of this session
                 * @example 0c9f8a3e-5a44-4a3f-8a39-1d7f0d9a6b10
                 */
                session_id?: string;
                /**
                 * @description Only those of this name
                 * @example session.revoked
                 */
                name?: string;
                /**
                 * @description Only those since then, in UTC
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
                    "application/json": components["schemas"]["EventRecordsResult"];
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
