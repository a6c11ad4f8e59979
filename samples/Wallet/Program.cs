using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Ryuso;
using Wallet;

using ServiceProvider services = new ServiceCollection()
    .AddSingleton(_ => new WalletDb())
    .AddSingleton<IPayoutGateway, LocalPayoutGateway>()
    .BuildServiceProvider();

RyusoServer.Run(args, server =>
{
    server.Services = services;
    server.UseSqliteJournal(Path.ChangeExtension(services.GetRequiredService<WalletDb>().Path, ".ryuso.db"));
    server.Started = PrintRequests;
});

void PrintRequests(IPEndPoint server)
{
    // A server that listens on every address is asked on this machine's own.
    string host = server.Address.Equals(IPAddress.Any) || server.Address.Equals(IPAddress.IPv6Any) ? "localhost" : server.Address.ToString();
    Console.WriteLine($$$"""
        The accounts are in {{{services.GetRequiredService<WalletDb>().Path}}}. Copy a request into another terminal:

          python3 -c 'import socket; s = socket.create_connection(("{{{host}}}", {{{server.Port}}})); s.sendall(b"{\"program\": \"open_account\", \"data_pool\": {\"account\": \"alice\"}}"); print(s.makefile().read())'

          echo '{"program": "deposit", "data_pool": {"to": "alice", "amount": 2500}}' | nc {{{host}}} {{{server.Port}}}

        """);
}
