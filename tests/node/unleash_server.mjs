// A real Unleash server; its settings come from the environment. Run by tests/it/support/unleash.rs.
import { start } from 'unleash-server';

await start();
