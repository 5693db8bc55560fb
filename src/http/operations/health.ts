import { refuseTooNew, schemaState } from '../../store/migrate.ts'
import { assureWriting } from '../assure-writing.ts'
import type { Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { setHeader } from '../pipeline/headers.ts'
import type { Representations } from '../representations.ts'
import { bodyFor, representations } from '../representations.ts'
import { DOCS_POLICY, docsAsset, docsPage } from './docs-page.ts'
import { servedContract } from './served-contract.ts'

type ServiceHandlers = Pick<Handlers, 'livez' | 'readyz' | 'openapi' | 'docs' | 'docsAsset'>

/** Handlers of the contract's tag `service` */
export const operationHandlers = (core: Core): ServiceHandlers => ({
  ...healthHandlers(core),
  ...documentHandlers(core),
})

const healthHandlers = (core: Core): Pick<ServiceHandlers, 'livez' | 'readyz'> => ({
  livez: (_c, { success }) => success(200, { message: 'Alive' }),

  async readyz(_c, { success, failure }) {
    if (core.shutdown.draining) return failure(503, 'Shutting down.')
    try {
      await assureWriting(core)
      const state = await schemaState(core.db)
      const { pending, unknown } = state
      // A newer version may have migrated the database while this one runs.
      if (pending.length === 0) refuseTooNew(state)
      if (unknown.length > 0) core.log.warn({ unknown }, 'the database is newer than this program')
      if (pending.length === 0) return success(200, { message: 'Ready' })
      core.log.error({ pending }, 'the database is not migrated')
    } catch (error) {
      core.log.error({ err: error }, 'the database cannot be used')
    }
    return failure(503, 'Service unavailable.')
  },
})

function documentHandlers(core: Core): Omit<ServiceHandlers, 'livez' | 'readyz'> {
  let contract: Representations | undefined
  return {
    async openapi(c, { raw, empty }) {
      contract ??= representations(servedContract(core))
      const body = await bodyFor(c, contract)
      return body === undefined ? empty(304) : raw(200, 'application/json', body)
    },

    async docs(c, { raw, empty }) {
      setHeader(c, 'Content-Security-Policy', DOCS_POLICY)
      const body = await bodyFor(c, docsPage)
      return body === undefined ? empty(304) : raw(200, 'text/html', body)
    },

    async docsAsset(c, { path, raw, empty, failure }) {
      const asset = docsAsset(path.asset)
      if (asset === undefined) return failure(404, 'Not found.')
      setHeader(c, 'Content-Security-Policy', DOCS_POLICY)
      const body = await bodyFor(c, asset.file)
      return body === undefined ? empty(304) : raw(200, asset.type, body)
    },
  }
}
