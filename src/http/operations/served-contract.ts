import { readFileSync } from 'node:fs'
import type { Core } from '../core.ts'

const CONTRACT = new URL('../../../generated/openapi.json', import.meta.url)

interface Contract {
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, object>>
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, { readonly name?: string }>>
  }
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

const without = <T>(members: Readonly<Record<string, T>>, isLeftOut: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !isLeftOut(name)))

/** Without `ADMIN_TOKEN`, every path of administration gets 404. */
const withoutAdministration = ({ tags, paths, components, ...contract }: Contract): Contract => ({
  ...contract,
  tags: tags.filter(({ name }) => name !== 'admin'),
  paths: without(paths, (path) => path.startsWith('/admin/')),
  components: {
    ...components,
    securitySchemes: without(components.securitySchemes, (name) => name === 'adminToken'),
  },
})
