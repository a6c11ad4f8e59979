using Npgsql;
using Ryuso.TestKit;

[assembly: AssemblyFixture(typeof(Ryuso.PostgreSql.Tests.Cluster))]

namespace Ryuso.PostgreSql.Tests;

/// <summary>A PostgreSQL of its own on a private socket, gone with the tests. One is shared by those that do not stop it.</summary>
public sealed class Cluster : IAsyncLifetime
{
    private static readonly string? s_programs = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(d => int.Parse(Path.GetFileName(d), System.Globalization.CultureInfo.InvariantCulture))
            .Select(d => Path.Combine(d, "bin")).FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
        : null;

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    /// <summary>The folder of its socket.</summary>
    public string Host => _folder.FullPath;

    public string ConnectionString => ConnectionStringOf(Host);

    private string Data => _folder.File("data");

    public static string ConnectionStringOf(string host) => $"Host={host};Username=ryuso;Database=postgres;Timeout=5";

    /// <summary>Skips the test where PostgreSQL is not installed; the continuous build has it.</summary>
    public static void SkipUnlessInstalled() => Assert.SkipUnless(s_programs is not null, "PostgreSQL is not installed.");

    public static string NewSchema() => $"ryuso_{Guid.NewGuid():N}";

    public async ValueTask InitializeAsync()
    {
        if (s_programs is null)
        {
            return;
        }

        if (Environment.IsPrivilegedProcess)
        {
            await CheckAsync(await Command.RunAsync("chown", ["postgres", Host]));
        }

        await RunAsync("initdb", "-D", Data, "-U", "ryuso", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        await StartAsync();
    }

    public Task StartAsync(string settings = "") => RunAsync(
        "pg_ctl", "-D", Data, "-w", "-t", "120", "-l", _folder.File("log"), "-o", $"-k {Host} -c listen_addresses= -c shared_buffers=32MB {settings}", "start");

    public Task StopAsync(string mode = "fast") => RunAsync("pg_ctl", "-D", Data, "-w", "-t", "120", "-m", mode, "stop");

    public async Task<object?> QueryAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using NpgsqlCommand command = Schema.Command(connection, sql);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until a query gives true: for what another process of the machine does.</summary>
    public async Task UntilAsync(string sql)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!(bool)(await QueryAsync(sql))!)
        {
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (s_programs is not null)
        {
            if (File.Exists(Path.Combine(Data, "postmaster.pid")))
            {
                await StopAsync("immediate");
            }
        }

        _folder.Dispose();
    }

    /// <summary>PostgreSQL refuses to run as root: it runs as the user of its package.</summary>
    private static async Task RunAsync(string program, params string[] arguments)
    {
        string path = Path.Combine(s_programs!, program);
        await CheckAsync(Environment.IsPrivilegedProcess
            ? await Command.RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments], seconds: 180)
            : await Command.RunAsync(path, arguments, seconds: 180));
    }

    private static Task CheckAsync(Command command)
    {
        Assert.True(command.ExitCode == 0, command.Output + command.Error);
        return Task.CompletedTask;
    }
}
