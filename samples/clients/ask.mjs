// Sends one request to a Ryuso server and prints the answer.
//
//     node ask.mjs deposit '{"to": "alice", "amount": 2500}'
//     node ask.mjs deposit '{"to": "alice", "amount": 2500}' '{"notifier_down": true}'

import net from "node:net";
import { argv, env } from "node:process";

export async function ask(program, data_pool, metadata = {}, host = "127.0.0.1", port = 60856) {
  const connection = net.connect(port, host);
  connection.setEncoding("utf8");
  connection.write(JSON.stringify({ program, data_pool, metadata }));
  let answer = "";
  for await (const piece of connection) {
    answer += piece;
  }
  return JSON.parse(answer);
}

const [program, data_pool, metadata] = argv.slice(2);
const answer = await ask(program, JSON.parse(data_pool), JSON.parse(metadata ?? "{}"), env.RYUSO_HOST, env.RYUSO_PORT);
console.log(JSON.stringify(answer, null, 2));
