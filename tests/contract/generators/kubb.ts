import type { Generator } from './generator.ts'

/**
 * With validators by zod. Its fetch client sends bodies without a `Content-Type`, and takes errors for results; its
 * axios client does neither.
 */
export const kubb: Generator = {
  files: {
    'kubb.config.mjs': `
      import { pluginClient } from '@kubb/plugin-client'
      import { pluginOas } from '@kubb/plugin-oas'
      import { pluginTs } from '@kubb/plugin-ts'
      import { pluginZod } from '@kubb/plugin-zod'

      export default {
        root: '.',
        input: { path: 'CONTRACT' },
        output: { path: 'api', format: false },
        plugins: [
          pluginOas({ generators: [] }),
          pluginTs(),
          pluginZod({ version: '4' }),
          pluginClient({ client: 'axios', parser: 'zod' }),
        ],
      }`,
    'program.ts': `
      import { setConfig } from '@kubb/plugin-client/clients/axios'
      import { isAxiosError } from 'axios'
      import type { Login401 } from './api'
      import { login, logout, me, refreshToken, register } from './api'

      const bearer = (token: string | undefined) => ({ headers: { Authorization: 'Bearer ' + token } })

      export async function walk(baseURL: string, username: string, password: string) {
        setConfig({ baseURL })
        await register({ username, password })
        const wrong: unknown = await login({ username, password: 'not this one' }).catch((thrown) => thrown)
        if (!isAxiosError<Login401>(wrong) || wrong.response === undefined) throw new Error('another answer')
        const { code, message } = wrong.response.data
        const word = wrong.response.headers['rekindle-error']
        const opened = await login({ username, password })
        const user = await me(bearer(opened.data.access_token))
        const refreshed = await refreshToken(bearer(opened.data.refresh_token))
        const token = refreshed.data.refresh_token
        // @ts-expect-error
        refreshed.data.nothing
        const ended = await logout(bearer(token))
        return {
          username: user.data.username,
          refused: { status: code, message, word },
          tokens: [opened.data.refresh_token, token],
          message: ended.data.message,
        }
      }`,
  },
  commands: [['kubb', 'generate', '--config', 'kubb.config.mjs']],
  packages: { zod: 'zod4' },
}
