/** Files that clients may keep and ask for again, compressed once and not for each request. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Context } from 'hono'
import type { Env } from './contract.ts'
import { setHeader } from './pipeline/headers.ts'

type Bytes = Uint8Array<ArrayBuffer>

// Brotli's best quality would take two seconds for Swagger UI, and save a tenth.
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 7 } }

/** By content coding, the smallest first */
const ENCODE = {
  br: (bytes: Bytes): Promise<Bytes> => promisify(brotliCompress)(bytes, QUALITY),
  gzip: (bytes: Bytes): Promise<Bytes> => promisify(gzip)(bytes),
  identity: async (bytes: Bytes): Promise<Bytes> => bytes,
} as const

type Coding = keyof typeof ENCODE

const CODINGS = Object.keys(ENCODE) as Coding[]

/** A file in one content coding */
interface Representation {
  readonly body: Bytes
  /** RFC 9110 §8.8.1: "A strong validator is unique across all versions of all representations" */
  readonly etag: string
}

/** A file in all content codings */
export type Representations = (coding: Coding) => Promise<Representation>

/** Each coding is made when a client first asks for it. */
export function representations(bytes: Bytes): Representations {
  const made = new Map<Coding, Promise<Representation>>()
  const make = async (coding: Coding): Promise<Representation> => {
    const body = await ENCODE[coding](bytes)
    return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
  }
  return (coding) => {
    const representation = made.get(coding) ?? make(coding)
    made.set(coding, representation)
    // A failure is not kept.
    representation.catch(() => made.delete(coding))
    return representation
  }
}

/**
 * Chooses the representation for a request and sets the headers that describe it.
 *
 * @param options.cacheControl by default the client asks each time: a new version of the service may have other files under
 * the same names
 * @param options.isSmall whether to compress it would cost more than it saves
 * @returns undefined when the client already has it
 */
export async function bodyFor(
  c: Context<Env>,
  file: Representations,
  { cacheControl = 'no-cache', isSmall = false } = {},
): Promise<Bytes | undefined> {
  const coding = isSmall ? 'identity' : codingFor(c.req.header('Accept-Encoding'))
  const { body, etag } = await file(coding)
  setHeader(c, 'ETag', etag)
  setHeader(c, 'Cache-Control', cacheControl)
  const vary = c.get('headers')['Vary']
  setHeader(c, 'Vary', vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`)
  if (isListed(etag, c.req.header('If-None-Match'))) return undefined
  if (coding !== 'identity') setHeader(c, 'Content-Encoding', coding)
  return body
}

/** The coding that the client prefers (RFC 9110 §12.5.3), and of equal ones the smallest. */
function codingFor(accepted = 'identity'): Coding {
  const weights = new Map(
    accepted.split(',').map((entry) => {
      const [name = '', ...parameters] = entry.toLowerCase().split(';')
      const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1])[0]
      return [name.trim(), Number(weight ?? 1)]
    }),
  )
  // Identity is acceptable unless it is excluded, but only if nothing better is.
  const weightOf = (coding: Coding) =>
    weights.get(coding) ?? weights.get('*') ?? (coding === 'identity' ? Number.MIN_VALUE : 0)
  return CODINGS.reduce((best, coding) => (weightOf(coding) > weightOf(best) ? coding : best))
}

/** RFC 9110 §13.1.2: "A recipient MUST use the weak comparison function" */
const isListed = (etag: string, tags = '') =>
  tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
