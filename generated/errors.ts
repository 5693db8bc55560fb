// Made from openapi/ by `npm run generate`. Never edit.

/** By message: the word in the header `Rekindle-Error` */
export const errorWords = {
  "Access token has expired.": 'access_token_expired',
  "Access token missing.": 'access_token_missing',
  "Admin token missing.": 'admin_token_missing',
  "An unexpected error occurred": 'unexpected_error',
  "Conflicting refresh tokens.": 'conflicting_refresh_tokens',
  "Cross-site request refused.": 'cross_site_request',
  "Current password is wrong.": 'current_password_wrong',
  "DPoP key mismatch.": 'dpop_key_mismatch',
  "DPoP nonce required.": 'use_dpop_nonce',
  "DPoP proof missing.": 'dpop_proof_missing',
  "Device proof required.": 'device_proof_required',
  "Device session has ended.": 'device_session_ended',
  "Exchange is disabled.": 'exchange_disabled',
  "Id is taken.": 'id_taken',
  "Introspection token missing.": 'introspection_token_missing',
  "Invalid DPoP proof.": 'invalid_dpop_proof',
  "Invalid access token.": 'access_token_invalid',
  "Invalid admin token.": 'admin_token_invalid',
  "Invalid credentials.": 'credentials_invalid',
  "Invalid device proof.": 'device_proof_invalid',
  "Invalid introspection token.": 'introspection_token_invalid',
  "Invalid refresh token.": 'refresh_token_invalid',
  "Invalid request.": 'invalid_request',
  "Invalid reset token.": 'reset_token_invalid',
  "Invalid revocations token.": 'revocations_token_invalid',
  "Invalid token.": 'token_invalid',
  "Method not allowed.": 'method_not_allowed',
  "Not found.": 'not_found',
  "Refresh token has expired.": 'refresh_token_expired',
  "Refresh token missing.": 'refresh_token_missing',
  "Registration is closed.": 'registration_closed',
  "Request body too large.": 'body_too_large',
  "Revocations token missing.": 'revocations_token_missing',
  "Service unavailable.": 'service_unavailable',
  "Session has ended.": 'session_ended',
  "Session not found.": 'session_not_found',
  "Shutting down.": 'shutting_down',
  "The browser would drop the cookie of another site. Use one site for page and service (localhost and 127.0.0.1 are two), or log in without cookie.": 'cookie_of_another_site',
  "The browser would drop the cookie, which is Secure, over plain http. Use https, set COOKIE_SECURE=false, or log in without cookie.": 'cookie_over_plain_http',
  "Token missing.": 'token_missing',
  "Too many logins at once.": 'too_many_logins',
  "Too many requests.": 'too_many_requests',
  "Unsupported media type.": 'unsupported_media_type',
  "User is inactive.": 'user_inactive',
  "User not found.": 'user_not_found',
  "Username is taken.": 'username_taken',
} as const

/** The messages that an operation can answer with, by status */
export interface Messages {
  refreshToken: {
    400: "Conflicting refresh tokens."
    401: "Refresh token missing." | "Invalid refresh token." | "Refresh token has expired." | "Device proof required." | "DPoP proof missing." | "Invalid DPoP proof." | "DPoP nonce required." | "DPoP key mismatch."
    403: "User is inactive." | "Cross-site request refused."
    404: "User not found."
    405: "Method not allowed."
    413: "Request body too large."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  exchangeToken: {
    400: "Invalid request."
    401: "Invalid access token." | "Access token has expired." | "DPoP proof missing." | "Invalid DPoP proof." | "DPoP nonce required." | "DPoP key mismatch."
    403: "User is inactive." | "Exchange is disabled." | "Cross-site request refused."
    404: "User not found."
    405: "Method not allowed."
    413: "Request body too large."
    415: "Unsupported media type."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  register: {
    400: "Invalid request."
    403: "Registration is closed." | "Cross-site request refused."
    405: "Method not allowed."
    409: "Username is taken."
    413: "Request body too large."
    415: "Unsupported media type."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable." | "Too many logins at once."
  }
  login: {
    400: "Invalid request."
    401: "Invalid credentials." | "Invalid DPoP proof." | "DPoP nonce required."
    403: "User is inactive." | "Cross-site request refused." | "The browser would drop the cookie, which is Secure, over plain http. Use https, set COOKIE_SECURE=false, or log in without cookie." | "The browser would drop the cookie of another site. Use one site for page and service (localhost and 127.0.0.1 are two), or log in without cookie."
    405: "Method not allowed."
    413: "Request body too large."
    415: "Unsupported media type."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable." | "Too many logins at once."
  }
  logout: {
    401: "Token missing." | "Invalid token." | "DPoP proof missing." | "Invalid DPoP proof." | "DPoP nonce required."
    403: "Cross-site request refused."
    405: "Method not allowed."
    413: "Request body too large."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  logoutAll: {
    401: "Access token missing." | "Invalid access token." | "Access token has expired." | "DPoP proof missing." | "Invalid DPoP proof." | "DPoP nonce required."
    403: "User is inactive." | "Cross-site request refused."
    404: "User not found."
    405: "Method not allowed."
    413: "Request body too large."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  changePassword: {
    400: "Invalid request."
    401: "Access token missing." | "Invalid access token." | "Access token has expired." | "DPoP proof missing." | "Invalid DPoP proof." | "DPoP nonce required."
    403: "User is inactive." | "Current password is wrong." | "Cross-site request refused."
    404: "User not found."
    405: "Method not allowed."
    413: "Request body too large."
    415: "Unsupported media type."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable." | "Too many logins at once."
  }
  resetPassword: {
    400: "Invalid request."
    401: "Invalid reset token."
    403: "Cross-site request refused."
    405: "Method not allowed."
    413: "Request body too large."
    415: "Unsupported media type."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable." | "Too many logins at once."
  }
  me: {
    401: "Access token missing." | "Invalid access token." | "Access token has expired." | "DPoP proof missing." | "Invalid DPoP proof." | "DPoP nonce required."
    403: "User is inactive."
    404: "User not found."
    405: "Method not allowed."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  registerDevice: {
    401: "Invalid device proof."
    403: "Cross-site request refused."
    404: "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  refreshDevice: {
    401: "Device session has ended."
    403: "Device proof required." | "Cross-site request refused."
    404: "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  listSessions: {
    400: "Invalid request."
    401: "Access token missing." | "Invalid access token." | "Access token has expired." | "DPoP proof missing." | "Invalid DPoP proof." | "DPoP nonce required."
    403: "User is inactive."
    404: "User not found."
    405: "Method not allowed."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  endSession: {
    400: "Invalid request."
    401: "Access token missing." | "Invalid access token." | "Access token has expired." | "DPoP proof missing." | "Invalid DPoP proof." | "DPoP nonce required."
    403: "User is inactive." | "Cross-site request refused."
    404: "Session not found." | "User not found."
    405: "Method not allowed."
    413: "Request body too large."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  revoke: {
    400: "Invalid request."
    405: "Method not allowed."
    413: "Request body too large."
    415: "Unsupported media type."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  introspect: {
    400: "Invalid request."
    401: "Introspection token missing." | "Invalid introspection token."
    404: "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    415: "Unsupported media type."
    429: "Too many requests."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  listRevocations: {
    400: "Invalid request."
    401: "Revocations token missing." | "Invalid revocations token."
    404: "Not found."
    405: "Method not allowed."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  listUsers: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "Not found."
    405: "Method not allowed."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  createUser: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "Not found."
    405: "Method not allowed."
    409: "Username is taken." | "Id is taken."
    413: "Request body too large."
    415: "Unsupported media type."
    500: "An unexpected error occurred"
    503: "Service unavailable." | "Too many logins at once."
  }
  getUser: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  deleteUser: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  deactivateUser: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  activateUser: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  setUserPassword: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    415: "Unsupported media type."
    500: "An unexpected error occurred"
    503: "Service unavailable." | "Too many logins at once."
  }
  requestPasswordReset: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    403: "User is inactive."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  setUserClaims: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    415: "Unsupported media type."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  renameUser: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    409: "Username is taken."
    413: "Request body too large."
    415: "Unsupported media type."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  listUserSessions: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  openUserSession: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    403: "User is inactive."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    409: "Session has ended."
    413: "Request body too large."
    415: "Unsupported media type."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  endUserSessions: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  endUserSession: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "Session not found." | "User not found." | "Not found."
    405: "Method not allowed."
    413: "Request body too large."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  explainUserSessions: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "User not found." | "Not found."
    405: "Method not allowed."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  listEvents: {
    400: "Invalid request."
    401: "Admin token missing." | "Invalid admin token."
    404: "Not found."
    405: "Method not allowed."
    500: "An unexpected error occurred"
    503: "Service unavailable."
  }
  jwks: {
    405: "Method not allowed."
  }
  issuerMetadata: {
    404: "Not found."
    405: "Method not allowed."
  }
  livez: {
    405: "Method not allowed."
  }
  readyz: {
    405: "Method not allowed."
    503: "Service unavailable." | "Shutting down."
  }
  openapi: {
    405: "Method not allowed."
  }
  docs: {
    405: "Method not allowed."
  }
  docsAsset: {
    404: "Not found."
    405: "Method not allowed."
  }
}
