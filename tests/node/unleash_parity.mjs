// What Unleash's own Node SDK decides in many contexts: reads {url, token, units} from DECIDE and a list of
// {flag, appName, environment} from stdin, prints a line of 0 and 1, one for each unit, for each of the list.
import { InMemStorageProvider, startUnleash } from 'unleash-client';

const { url, token, units } = JSON.parse(process.env.DECIDE);
let text = '';
for await (const chunk of process.stdin) text += chunk;
const client = await startUnleash({
  url,
  appName: 'parity',
  customHeaders: { Authorization: token },
  disableMetrics: true,
  storageProvider: new InMemStorageProvider(),
});
client.on('warn', () => {});
const decide = ({ flag, appName, environment }) => units
  .map((userId) => (client.isEnabled(flag, { userId, sessionId: userId, appName, environment }) ? '1' : '0'))
  .join('');
console.log(JSON.parse(text).map(decide).join('\n'));
client.destroy();
