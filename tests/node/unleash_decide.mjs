// What Unleash's own Node SDK decides: reads {url, token, flag, units} from DECIDE, prints a 0 or 1 for each unit.
import { startUnleash } from 'unleash-client';

const { url, token, flag } = JSON.parse(process.env.DECIDE);
let text = '';
for await (const chunk of process.stdin) text += chunk;
const client = await startUnleash({
  url,
  appName: 'decide',
  customHeaders: { Authorization: token },
  disableMetrics: true,
  storageProvider: new (await import('unleash-client')).InMemStorageProvider(),
});
const units = text.split('\n').filter((unit) => unit !== '');
console.log(units.map((userId) => (client.isEnabled(flag, { userId, sessionId: userId }) ? '1' : '0')).join(''));
client.destroy();
