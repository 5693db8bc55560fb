import type { Context } from 'hono'
import { CLOCK_SKEW } from '../../clock.ts'
import type { FeedPage } from '../../feed/feed.ts'
import { authenticate } from '../../sessions/authenticate.ts'
import { logout } from '../../sessions/revoke.ts'
import type { FeedEntry } from '../../store/queries/feed.ts'
import { claimsIn, verifyAccessToken } from '../../tokens/access-token.ts'
import type { Env, Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { logEvents, nameRefusal, originOf } from '../pipeline/record.ts'
import type { Representations } from '../representations.ts'
import { bodyFor, representations } from '../representations.ts'
import { incomingOf } from '../server/address.ts'

type VerificationHandlers = Pick<Handlers, 'listRevocations' | 'introspect' | 'revoke'>

// Entries. To decompress them would take a follower longer than to receive them.
const SMALL = 20

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)

/** Handlers of the contract's tag `verification`, and the revocation of OAuth 2.0 */
export function verificationHandlers(core: Core): VerificationHandlers {
  const pages = new WeakMap<FeedPage, Representations>()
  const pageOf = (page: FeedPage) => {
    const made = pages.get(page) ?? representations(Buffer.from(JSON.stringify(bodyOf(core, page))))
    pages.set(page, made)
    return made
  }
  return {
    async listRevocations(c, { query, raw, empty }) {
      if (core.feed === undefined) throw new TypeError('the check lets nobody pass without the feed')
      const left = whenLeft(c)
      const page = await core.feed.read(query.cursor, query.wait * 1000, left.signal).finally(left.forget)
      const body = await bodyFor(c, pageOf(page), { isSmall: page.entries.length < SMALL })
      return body === undefined ? empty(304) : raw(200, 'application/json', body)
    },

    // RFC 7662 §2.2: "the authorization server SHOULD NOT include any additional information about an inactive token"
    async introspect(c, { body, json }) {
      const verification = verifyAccessToken(core.keys, body.token, core.now())
      const { token } = 'token' in verification ? verification : {}
      // The API that asks has the request, so it checks the proof of a bound token itself (RFC 9449 §6.2).
      const result = await authenticate(core, body.token, token?.jkt)
      if (result.outcome === 'invalid') c.set('isForged', true)
      if (result.outcome !== 'authenticated' || token === undefined) {
        nameRefusal(c, 'token.refused', { ...result, reason: result.outcome })
        return json(200, { active: false })
      }
      const { issuer, audience, clientId } = core.settings
      return json(200, {
        ...claimsIn(body.token),
        active: true,
        token_type: token.jkt === undefined ? 'Bearer' : 'DPoP',
        sub: token.userId,
        username: result.user.username,
        sid: token.sessionId,
        jti: token.id,
        iat: seconds(token.issuedAt),
        exp: seconds(token.expiresAt),
        ...(issuer !== undefined && { iss: issuer }),
        ...(audience !== undefined && { aud: audience }),
        ...(clientId !== undefined && { client_id: clientId }),
        ...(token.jkt !== undefined && { cnf: { jkt: token.jkt } }),
      })
    },

    // RFC 7009 §2.2: "invalid tokens do not cause an error response"
    async revoke(c, { body, empty }) {
      const result = await logout(core, body.token, originOf(core, c))
      if (result.outcome === 'revoked') logEvents(core, c, result.events)
      return empty(200)
    },
  }
}

/** A signal that is aborted when the client closes its connection. `forget`, because a connection has many requests. */
function whenLeft(c: Context<Env>) {
  const socket = incomingOf(c)?.socket
  const left = new AbortController()
  const leave = () => left.abort()
  socket?.once('close', leave)
  return { signal: left.signal, forget: () => void socket?.off('close', leave) }
}

function bodyOf({ settings }: Core, { entries, cursor, isSnapshot, hasMore }: FeedPage) {
  const expiry = settings.accessTokenTtl + CLOCK_SKEW
  const revocations = entries.map((entry) => revocationOf(entry, Math.ceil((entry.endedAt + expiry) / 1000)))
  return { status: 'success', code: 200, data: { revocations, cursor, snapshot: isSnapshot, more: hasMore } }
}

function revocationOf({ sessionId, userId, jti, generation, through }: FeedEntry, exp: number) {
  return {
    ...(sessionId !== null && (userId === null ? { sid: sessionId } : { except: sessionId })),
    ...(generation !== null && (userId === null ? { generation } : { claims_version: generation })),
    ...(userId !== null && { sub: userId }),
    ...(through !== null && { through }),
    ...(jti !== null && { jti }),
    exp,
  }
}
