using Microsoft.Extensions.DependencyInjection;
using Ryuso;
using Wallet;

RyusoServer.Run(args, server =>
{
    server.Services = new ServiceCollection()
        .AddSingleton(_ => new WalletDb())
        .AddSingleton<IPayoutGateway, LocalPayoutGateway>()
        .BuildServiceProvider();

    Console.WriteLine($$$"""
        Copy one of these (address {{{server.Host}}}:{{{server.Port}}}):

          python3 -c 'import socket; s = socket.create_connection(("{{{server.Host}}}", {{{server.Port}}})); s.sendall(b"{\"program\": \"open_account\", \"data_pool\": {\"account\": \"alice\"}}"); print(s.makefile().read())'

          echo '{"program": "deposit", "data_pool": {"to": "alice", "amount": 2500}}' | nc {{{server.Host}}} {{{server.Port}}}

        """);
});
