/** Whom a session belongs to, as its access tokens say */
export interface User {
  /** The claim `sub` */
  readonly id: string
  /** The claim `sid`: one login on one device */
  readonly sessionId: string
}

interface Claims {
  readonly sub?: string
  readonly sid?: string
  /** Seconds by the service's clock */
  readonly iat?: number
  /** Of a token that is bound to a key */
  readonly cnf?: object
}

/** Reads the claims of a token, which only the service can judge. Of anything but a JWT it reads none. */
export function claimsOf(token: string | undefined): Claims {
  try {
    // It is base64url. `escape` decodes UTF-8 also where there is no TextDecoder.
    const payload = `${token}`.split('.')[1]?.replace(/-/g, '+').replace(/_/g, '/')
    return Object(JSON.parse(decodeURIComponent(escape(atob(payload as string)))))
  } catch {
    return {}
  }
}
