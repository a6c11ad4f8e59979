using System.Globalization;
using Ryuso;
using Ryuso.Journal.CrashServer;
using Ryuso.Sqlite;
using Till;

// A server to be killed: the folder of its files and, where it is to be found again, its port as arguments, and `keyed` for the wallet with keys;
// reports its port on the standard output.
using var safe = new Safe(Path.Combine(args[0], "safe.db"));
var services = new Services(safe);
Orchestrator orchestrator = args is [_, _, "keyed"] ? new KeyedTill.KeyedTillOrchestrator(services) : new TillOrchestrator(services);
var journal = new FailingJournal(new SqliteJournal(Path.Combine(args[0], "till.ryuso.db")));
await using var server = new RyusoServer(orchestrator, new RyusoServerOptions { Port = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 0, Journal = journal });
try
{
    await server.StartAsync();
}
catch (JournalException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}

await Console.Out.WriteLineAsync(server.EndPoint.Port.ToString(CultureInfo.InvariantCulture));
await Console.In.ReadLineAsync(); // the end of the standard input is the order to stop
await server.StopAsync();
return 0;

/// <summary>Knows one service.</summary>
internal sealed class Services(Safe safe) : IServiceProvider
{
    public object? GetService(Type serviceType) => serviceType == typeof(Safe) ? safe : null;
}
