/** Holds a response against the contract: status, headers and their values, media type, members, words and messages. */
import type { Documented, Header } from './contract.ts'
import { documented, faultsOf, headersOf, operations } from './contract.ts'

/** What a server behind proxies, or a mock, may do and the service itself may not. */
export interface Leniency {
  /** Headers of which the contract knows nothing */
  readonly foreignHeaders?: boolean
  /** Headers are those of examples, whatever the message and the path are */
  readonly exampleHeaders?: boolean
}

type Answered = Pick<Response, 'status' | 'headers'>

// What the contract says of requests that never come to an operation.
const EARLY: Readonly<Record<number, readonly [message: string, word: string]>> = {
  400: ['Bad Request.', 'bad_request'],
  408: ['Request Timeout.', 'request_timeout'],
  417: ['Expectation Failed.', 'expectation_failed'],
  431: ['Request Header Fields Too Large.', 'headers_too_large'],
}

const isEarly = ({ status }: Answered, text: string) =>
  text === JSON.stringify({ status: 'error', code: status, message: EARLY[status]?.[0] })

/** @returns the operation that answers, or the first one of the path for other methods; none for other paths */
export function operationAt(method: string, path: string) {
  const onPath = operations.filter(({ pattern }) => pattern.test(path))
  const wanted = method === 'HEAD' ? 'GET' : method
  return onPath.find((candidate) => candidate.method === wanted) ?? onPath[0]
}

/**
 * @param path with a query or without
 * @returns how the response differs from the contract; it quotes nothing of the body, where tokens are
 */
export function differencesOf(
  method: string,
  path: string,
  response: Answered,
  text: string,
  leniency: Leniency = {},
): string[] {
  const found = operationAt(method, path.split('?')[0] ?? path)
  if (isEarly(response, text)) return early(response)
  if (found === undefined) return outside(method, path, response, text)
  const expected = documented(found.operation, response.status)
  if (expected === undefined) return ['this status is not documented']
  // Another method is answered by the path, not by an operation.
  const isOther = found.method !== (method === 'HEAD' ? 'GET' : method)
  return [
    ...(isOther && response.status !== 405
      ? ['the method is not documented, and the status is not 405']
      : []),
    ...headerDifferences(expected, response, leniency),
    ...(response.status === 405 && !leniency.exampleHeaders
      ? allowDifferences(path.split('?')[0] ?? path, response)
      : []),
    ...(response.status >= 400 ? errorDifferences(expected, response, text, method, leniency) : []),
    ...(method === 'HEAD' ? [] : bodyDifferences(expected, response, text)),
  ]
}

// Of responses that are in words only
const hasId = (headers: Headers) => /^[A-Za-z0-9._-]{1,64}$/.test(headers.get('X-Request-Id') ?? '')

function early({ status, headers }: Answered): string[] {
  const isRight =
    headers.get('Content-Type') === 'application/json' && headers.get('Rekindle-Error') === EARLY[status]?.[1]
  return isRight && hasId(headers) ? [] : ['its headers are not those of a request that was refused early']
}

// What no operation of the contract answers: unknown paths, and the ways to the page.
function outside(method: string, path: string, { status, headers }: Answered, text: string): string[] {
  if (/^\/(docs\/)?(\?|$)/.test(path) && /^(GET|HEAD)$/.test(method))
    return status === 302 && text === '' ? [] : ['the way to the page is not an empty 302']
  const body = JSON.stringify({ status: 'error', code: 404, message: 'Not found.' })
  if (status !== 404) return ['an unknown path is not answered by 404']
  if (!hasId(headers)) return ['lacks X-Request-Id, or it is malformed']
  if (headers.get('Rekindle-Error') !== 'not_found') return ['Rekindle-Error is not not_found']
  return method === 'HEAD' || text === body ? [] : ['the body is not that of an unknown path']
}

// What HTTP, CORS and the security headers of every response bring; all else belongs to the contract.
const GENERAL =
  /^(connection|content-encoding|content-length|content-type|date|keep-alive|transfer-encoding|vary|access-control-.+|content-security-policy|cross-origin-.+|origin-agent-cluster|referrer-policy|x-(content-type|dns|download|frame|permitted|xss)-.+)$/

/** The headers that some response of the contract has, in lower case */
const known = new Set(
  operations.flatMap(({ operation }) =>
    Object.keys(operation.responses).flatMap((status) =>
      Object.keys(headersOf(documented(operation, status) ?? {})).map((name) => name.toLowerCase()),
    ),
  ),
)

function headerDifferences(expected: Documented, { headers }: Answered, leniency: Leniency): string[] {
  // Prism adds `Deprecation: true` to every answer of a deprecated operation.
  const isAdded = (name: string) => leniency.exampleHeaders === true && /^deprecation$/i.test(name)
  const own = Object.entries(headersOf(expected)).filter(([name]) => !isAdded(name))
  const names = own.map(([name]) => name.toLowerCase())
  const undocumented = [...headers.keys()].filter(
    (name) =>
      !GENERAL.test(name) &&
      !isAdded(name) &&
      !names.includes(name) &&
      !(leniency.foreignHeaders === true && !known.has(name)),
  )
  return [
    ...own.flatMap(([name, header]) => {
      const values = name === 'Set-Cookie' ? headers.getSetCookie() : [headers.get(name)]
      if (values.length === 0 || values[0] === null) return header.required ? [`lacks ${name}`] : []
      return values.flatMap((value) => valueDifferences(name, header, value ?? ''))
    }),
    ...undocumented.map((name) => `the header ${name} is not documented`),
  ]
}

/** RFC 9110 §10.2.1: "the set of methods advertised as supported by the target resource" */
function allowDifferences(path: string, { headers }: Answered): string[] {
  const methods = operations.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
  const known = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  const said = headers.get('Allow')?.split(/ *, */).sort().join()
  return said === undefined || said === known.sort().join() ? [] : ['Allow is not the methods of the path']
}

function valueDifferences(name: string, { schema }: Header, value: string): string[] {
  const typed = schema?.type === 'integer' && /^\d+$/.test(value) ? Number(value) : value
  return [
    ...(schema === undefined ? [] : faultsOf(schema, typed, name)),
    ...(name === 'Set-Cookie' ? cookieDifferences(value) : []),
  ]
}

/** The contract describes the attributes of the refresh cookie in words. */
function cookieDifferences(line: string): string[] {
  const [pair = '', ...attributes] = line.split(/; */)
  const has = (pattern: RegExp) => attributes.some((attribute) => pattern.test(attribute))
  // One that deletes it has no value to protect.
  const isSet = !pair.endsWith('=')
  return [
    ...(has(/^HttpOnly$/i) || !isSet ? [] : ['the cookie is not HttpOnly']),
    ...(has(/^SameSite=(Strict|Lax|None)$/i) || !isSet ? [] : ['the cookie has no SameSite']),
    ...(has(/^Path=\/$/i) ? [] : ['the cookie does not have Path=/']),
    // Browsers drop it otherwise (RFC 6265bis §4.1.3.2).
    ...(pair.startsWith('__Host-') && !has(/^Secure$/i) ? ['the cookie with __Host- is not Secure'] : []),
    ...(has(/^Domain=/i) ? ['the cookie has a Domain'] : []),
  ]
}

/** The examples list every message of an error, and the word that it has in `Rekindle-Error`. */
function errorDifferences(
  { content }: Documented,
  { status, headers }: Answered,
  text: string,
  method: string,
  { exampleHeaders = false }: Leniency,
): string[] {
  const word = headers.get('Rekindle-Error')
  const examples = Object.values(content?.['application/json']?.examples ?? {})
  if (word !== null && !examples.some((example) => example['x-error'] === word))
    return ['Rekindle-Error is not a documented word of this response']
  const body = method === 'HEAD' ? undefined : parsed(text)
  if (typeof body !== 'object' || body === null) return []
  const { code, message } = body as { code?: unknown; message?: unknown }
  const said = examples.filter((example) => example.value.message === message)
  if (said.length === 0) return ['the message is not documented']
  return [
    ...(code === status ? [] : ['code is not the status']),
    ...(word === null || exampleHeaders || said.some((example) => example['x-error'] === word)
      ? []
      : ['Rekindle-Error is not the word of the message']),
  ]
}

function bodyDifferences({ content }: Documented, { headers }: Answered, text: string): string[] {
  if (content === undefined)
    return text === '' && !headers.has('Content-Type') ? [] : ['there is a body, and none is documented']
  const type = headers.get('Content-Type')?.split(';')[0]?.trim() ?? ''
  const schema = content[type]?.schema
  if (schema === undefined) return [`the content type ${type || 'of nothing'} is not documented`]
  if (type !== 'application/json') return []
  const body = parsed(text)
  return body === undefined ? ['the body is not JSON'] : faultsOf(schema, body, 'body')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
