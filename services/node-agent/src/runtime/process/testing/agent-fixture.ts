/** A process that starts two containers, says which, and waits to be killed. Its arguments are a directory and a shell script. */
import { openProcessRuntime } from '../driver.ts';
import { hostImage } from '../image-store.ts';

const [directory, script] = process.argv.slice(2) as [string, string];
const runtime = await openProcessRuntime({ directory, address: '127.0.0.1' });
const sandboxId = await runtime.sandboxes.run({
  podUid: 'u',
  namespace: 'default',
  name: 'web',
  attempt: 0,
  hostname: 'web',
  logDirectory: directory,
});

async function start(name: string, text: string): Promise<string> {
  const command = ['sh', '-c', text];
  const config = { name, attempt: 0, image: hostImage, command, workingDir: directory, logPath: `${name}.log` };
  const id = await runtime.containers.create(sandboxId, config);
  await runtime.containers.start(id);
  return id;
}

console.log(JSON.stringify({ ends: await start('ends', script), stays: await start('stays', 'sleep 1000') }));
setInterval(() => {}, 60_000);
