import { readFileSync } from 'node:fs'
import type { Core } from '../core.ts'

const CONTRACT = new URL('../../../generated/openapi.json', import.meta.url)

type Named<T = unknown> = Readonly<Record<string, T>>

interface Contract {
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Named
  readonly components: Named<Named> & { readonly securitySchemes: Named<{ readonly name?: string }> }
}

/** The bundled contract with the facts of this installation: its address, its cookie, and whether it has administration. */
export function servedContract({
  settings,
  adminToken,
}: Pick<Core, 'settings' | 'adminToken'>): Uint8Array<ArrayBuffer> {
  const text = readFileSync(CONTRACT, 'utf8')
  const { refreshCookie } = (JSON.parse(text) as Contract).components.securitySchemes
  // The name of a cookie needs no escapes (RFC 6265 §4.1.1). It is in the examples as well.
  const contract = JSON.parse(text.replaceAll(String(refreshCookie?.name), settings.cookie.name)) as Contract
  return Buffer.from(
    JSON.stringify({
      ...(adminToken === undefined ? withoutAdministration(contract) : contract),
      // OpenAPI 3.1.1: relative to "the location where the document containing the Server Object is being served". So it
      // is right below any path that a proxy or `mount()` adds.
      servers: [{ url: '.', description: 'This service' }],
    }),
  )
}

const filtered = <T>(members: Named<T>, isKept: (name: string) => boolean): Named<T> =>
  Object.fromEntries(Object.entries(members).filter(([name]) => isKept(name)))

/** Without `ADMIN_TOKEN`, every path of administration gets 404. */
function withoutAdministration({ tags, paths, components, ...contract }: Contract): Contract {
  return withoutUnused({
    ...contract,
    tags: tags.filter(({ name }) => name !== 'admin'),
    paths: filtered(paths, (path) => !path.startsWith('/admin/')),
    components: {
      ...components,
      securitySchemes: filtered(components.securitySchemes, (name) => name !== 'adminToken'),
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
