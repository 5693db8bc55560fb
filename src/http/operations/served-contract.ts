import { readFileSync } from 'node:fs'
import type { Core } from '../core.ts'

const CONTRACT = new URL('../../../generated/openapi.json', import.meta.url)

type Named<T = unknown> = Readonly<Record<string, T>>

interface Contract {
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Named
  readonly components: Named<Named> & { readonly securitySchemes: Named<{ readonly name?: string }> }
}

/** The bundled contract with the facts of this installation: its address, its cookie, and what is switched on. */
export function servedContract({
  settings,
  adminToken,
  revocationsToken,
  introspectionToken,
}: Pick<
  Core,
  'settings' | 'adminToken' | 'revocationsToken' | 'introspectionToken'
>): Uint8Array<ArrayBuffer> {
  const text = readFileSync(CONTRACT, 'utf8')
  const { refreshCookie } = (JSON.parse(text) as Contract).components.securitySchemes
  // The name of a cookie needs no escapes (RFC 6265 §4.1.1). It is in the examples as well.
  const contract = JSON.parse(text.replaceAll(String(refreshCookie?.name), settings.cookie.name)) as Contract
  const off = [
    ...(adminToken === undefined ? ['/admin/'] : []),
    ...(revocationsToken === undefined ? ['/revocations'] : []),
    ...(introspectionToken === undefined ? ['/introspect'] : []),
  ]
  return Buffer.from(
    JSON.stringify({
      ...(off.length > 0 ? without(contract, off) : contract),
      // OpenAPI 3.1.1: relative to "the location where the document containing the Server Object is being served". So it
      // is right below any path that a proxy or `mount()` adds.
      servers: [{ url: '.', description: 'This service' }],
    }),
  )
}

const filtered = <T>(members: Named<T>, isKept: (name: string) => boolean): Named<T> =>
  Object.fromEntries(Object.entries(members).filter(([name]) => isKept(name)))

/** Leaves out what is off: its paths get 404. @param off the beginnings of paths */
function without({ tags, paths, components, ...contract }: Contract, off: readonly string[]): Contract {
  const left = filtered(paths, (path) => !off.some((prefix) => path.startsWith(prefix)))
  const isUsed = (part: string) => JSON.stringify(left).includes(part)
  return withoutUnused({
    ...contract,
    tags: tags.filter(({ name }) => name === 'webhook' || isUsed(`"${name}"`)),
    paths: left,
    components: {
      ...components,
      securitySchemes: filtered(components.securitySchemes, (name) => isUsed(`"${name}":[]`)),
    },
  })
}

/** Removes components to which nothing refers, and then those to which only these referred. */
function withoutUnused(contract: Contract): Contract {
  const text = JSON.stringify(contract)
  const { securitySchemes, ...others } = contract.components
  const used = Object.entries(others).map(([kind, components]) => [
    kind,
    filtered(components, (name) => text.includes(`"#/components/${kind}/${name}"`)),
  ])
  const left: Contract = { ...contract, components: { ...Object.fromEntries(used), securitySchemes } }
  return JSON.stringify(left).length === text.length ? left : withoutUnused(left)
}
