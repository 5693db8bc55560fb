/** Middleware of web frameworks. None is imported: the types name only what is used. */
import { TokenError } from './errors.ts'
import type { PresentedProof } from './proofs.ts'
import type { AccessClaims } from './verifier.ts'

/** Hono's context, as far as it is used */
interface HonoContext {
  readonly req: {
    readonly method: string
    readonly path: string
    header(name: string): string | undefined
  }
  set(name: string, value: unknown): void
}

/** The request of Express, Connect and Fastify, as far as it is used */
interface NodeRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Of Express and Connect: with the path that the middleware is mounted at */
  readonly originalUrl?: string | undefined
}

/** The response of Express and Connect, as far as it is used */
interface NodeResponse {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/** The reply of Fastify, as far as it is used */
interface FastifyReply {
  code(status: number): FastifyReply
  header(name: string, value: string): FastifyReply
  send(body: unknown): unknown
}

/** Each lets a request pass that has a valid access token, and answers the others as RFC 6750 §3 says. */
export interface Middleware {
  /**
   * For Hono. Handlers find the claims in `c.get('claims')`.
   *
   * @example
   * ```ts
   * app.use('/things/*', verifier.hono())
   * app.get('/things/mine', (c) => c.text(c.get('claims').sub))
   * ```
   */
  hono(): (c: HonoContext, next: () => Promise<void>) => Promise<Response | undefined>
  /**
   * For Express and Connect. Handlers find the claims in `req.auth`.
   *
   * @example
   * ```ts
   * app.use('/things', verifier.express())
   * app.get('/things/mine', (req, res) => res.send(req.auth.sub))
   * ```
   */
  express(): (req: NodeRequest, res: NodeResponse, next: (error?: unknown) => void) => void
  /**
   * For Fastify, as a hook. Handlers find the claims in `request.auth`.
   *
   * @example
   * ```ts
   * app.decorateRequest('auth', null)
   * app.addHook('onRequest', verifier.fastify())
   * ```
   */
  fastify(): (request: NodeRequest, reply: FastifyReply) => Promise<unknown>
}

// The scheme is case-insensitive (RFC 9110 §11.1).
const CREDENTIALS = /^(Bearer|DPoP)[ \t]+(\S.*)$/i

/** What of a request is needed */
interface Incoming {
  readonly authorization: string | undefined
  readonly proof: string | undefined
  readonly method: string
  readonly host: string
  readonly path: string
}

/** A header with several lines is joined by commas. */
const single = (value: string | readonly string[] | undefined) =>
  typeof value === 'string' && !value.includes(',') ? value : undefined

const incomingOf = ({ headers, method = '', originalUrl, url = '' }: NodeRequest): Incoming => ({
  authorization: [headers['authorization']].flat().join(', ') || undefined,
  proof: single(headers['dpop']),
  method,
  host: single(headers['host'] ?? headers[':authority']) ?? '',
  path: (originalUrl ?? url).split('?')[0] ?? '',
})

type Verify = (token: string, presented?: PresentedProof) => Promise<AccessClaims>

export function middlewareOf(verify: Verify, publicUrl: string | undefined): Middleware {
  async function claimsOf({
    authorization = '',
    proof,
    method,
    host,
    path,
  }: Incoming): Promise<AccessClaims> {
    const [, scheme = '', rest = ''] = CREDENTIALS.exec(authorization) ?? []
    const token = rest.trim()
    if (token === '') throw new TokenError('missing')
    if (/[,\s]/.test(token)) throw new TokenError('several')
    if (scheme.toLowerCase() === 'bearer') return verify(token)
    const bases = publicUrl === undefined ? [`https://${host}`, `http://${host}`] : [publicUrl]
    return verify(token, { proof, method, url: bases.map((base) => base + path) })
  }

  return {
    hono: () => async (c, next) => {
      try {
        const { method, path } = c.req
        const authorization = c.req.header('Authorization')
        const [proof, host] = [single(c.req.header('DPoP')), c.req.header('Host') ?? '']
        c.set('claims', await claimsOf({ authorization, proof, method, host, path }))
      } catch (error) {
        if (!(error instanceof TokenError)) throw error
        return new Response(JSON.stringify(error.body), { status: error.status, headers: error.headers })
      }
      await next()
      return undefined
    },

    express: () => (req, res, next) => {
      claimsOf(incomingOf(req)).then(
        (claims) => {
          Object.assign(req, { auth: claims })
          next()
        },
        (error: unknown) => {
          if (!(error instanceof TokenError)) return next(error)
          res.statusCode = error.status
          for (const [name, value] of Object.entries(error.headers)) res.setHeader(name, value)
          res.end(JSON.stringify(error.body))
        },
      )
    },

    fastify: () => async (request, reply) => {
      try {
        Object.assign(request, { auth: await claimsOf(incomingOf(request)) })
        return undefined
      } catch (error) {
        if (!(error instanceof TokenError)) throw error
        reply.code(error.status)
        for (const [name, value] of Object.entries(error.headers)) reply.header(name, value)
        return reply.send(error.body)
      }
    },
  }
}
