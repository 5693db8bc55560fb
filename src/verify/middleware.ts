/** Middleware of web frameworks. None is imported: the types name only what is used. */
import { TokenError } from './errors.ts'
import type { AccessClaims } from './verifier.ts'

/** Hono's context, as far as it is used */
interface HonoContext {
  readonly req: { header(name: string): string | undefined }
  set(name: string, value: unknown): void
}

/** The request of Express, Connect and Fastify, as far as it is used */
interface NodeRequest {
  readonly headers: { readonly authorization?: string | undefined }
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
const BEARER = /^Bearer[ \t]+(\S.*)$/i

/** @throws {@link TokenError} if there is none, or several: a header with several lines is joined by commas */
export function bearerTokenOf(header: string | undefined): string {
  const token = BEARER.exec(header ?? '')?.[1]?.trim()
  if (token === undefined) throw new TokenError('missing')
  if (/[,\s]/.test(token)) throw new TokenError('several')
  return token
}

type Verify = (token: string) => Promise<AccessClaims>

export function middlewareOf(verify: Verify): Middleware {
  const claimsOf = async (header: string | undefined) => verify(bearerTokenOf(header))
  return {
    hono: () => async (c, next) => {
      try {
        c.set('claims', await claimsOf(c.req.header('Authorization')))
      } catch (error) {
        if (!(error instanceof TokenError)) throw error
        return new Response(JSON.stringify(error.body), { status: error.status, headers: error.headers })
      }
      await next()
      return undefined
    },

    express: () => (req, res, next) => {
      claimsOf(req.headers.authorization).then(
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
        Object.assign(request, { auth: await claimsOf(request.headers.authorization) })
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
