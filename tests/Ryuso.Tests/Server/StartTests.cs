using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Server.Connections;
using Ryuso.Server.Hosting;
using Ryuso.TestKit;

namespace Ryuso.Tests.Server;

/// <summary>A server that cannot start says why and exits with 1; it harms nothing that is not its own.</summary>
public sealed class StartTests : ServedTests
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ryuso");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link to a file")]
    [InlineData("link to nothing")]
    [InlineData("folder")]
    [InlineData("empty file")]
    public async Task Unix_path_of_what_is_no_socket_stops_the_start_and_is_kept(string what)
    {
        string path = InFolder("database");
        string other = InFolder("other");
        switch (what)
        {
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "file" or "empty file":
                await File.WriteAllTextAsync(path, what == "file" ? "all our money" : "", Cancel);
                break;
            default:
                await File.WriteAllTextAsync(other, "all our money", Cancel);
                File.CreateSymbolicLink(path, what == "link to a file" ? other : InFolder("missing"));
                break;
        }

        IOException refused = await Assert.ThrowsAsync<IOException>(() => StartAsync(o => o.Listen.Add("unix:" + path)));
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.True(Directory.Exists(path) || new FileInfo(path) is { Exists: true } or { LinkTarget: not null }, "It was deleted.");
        if (what == "file")
        {
            Assert.Equal("all our money", await File.ReadAllTextAsync(path, Cancel));
        }
    }

    [Fact]
    public async Task Unix_path_of_a_link_to_a_dead_socket_is_kept()
    {
        string socket = InFolder("s");
        (await ServerProcessHandle.StartAsync("--listen", "unix:" + socket)).Dispose();
        File.CreateSymbolicLink(InFolder("link"), socket);
        await Assert.ThrowsAsync<IOException>(() => StartAsync(o => o.Listen.Add("unix:" + InFolder("link"))));
        Assert.NotNull(new FileInfo(InFolder("link")).LinkTarget);
    }

    [Fact]
    public async Task Unix_path_whose_owner_does_not_accept_is_in_use()
    {
        string path = InFolder("s");
        using var owner = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        owner.Bind(new UnixDomainSocketEndPoint(path));
        owner.Listen(0);
        var waiting = new List<Socket>();
        try
        {
            while (true)
            {
                waiting.Add(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false });
                waiting[^1].Connect(new UnixDomainSocketEndPoint(path));
            }
        }
        catch (SocketException exception)
        {
            Assert.Equal(SocketError.WouldBlock, exception.SocketErrorCode);
        }

        SocketException inUse = await Assert.ThrowsAsync<SocketException>(() => StartAsync(o => o.Listen.Add("unix:" + path)));
        Assert.Equal(SocketError.AddressAlreadyInUse, inUse.SocketErrorCode);
        Assert.True(File.Exists(path));
        waiting.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Unix_socket_replaced_by_another_file_is_kept_at_the_stop()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only here a file is told from another one.");
        string path = InFolder("s");
        await StartAsync(o => o.Listen.Add("unix:" + path));
        File.Move(path, InFolder("moved"));
        await File.WriteAllTextAsync(path, "a database by now", Cancel);
        await Server.StopAsync(Cancel);
        Assert.Equal("a database by now", await File.ReadAllTextAsync(path, Cancel));
    }

    [Fact]
    public async Task Unix_socket_has_the_mode_of_the_option_before_anybody_can_connect()
    {
        string path = InFolder("s");
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("There are no modes.");
            return;
        }

        await StartAsync(CommandLine.Parse(["--listen", "unix:" + path, "--socket-mode", "600"], _ => null).ApplyTo);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Theory]
    [InlineData("9")]
    [InlineData("1777")]
    [InlineData("rw")]
    [InlineData("00660")]
    public void Socket_mode_malformed_is_refused(string mode) =>
        Assert.Contains("--socket-mode", Assert.Throws<ArgumentException>(() => Apply("--listen", "unix:/x", "--socket-mode", mode)).Message, StringComparison.Ordinal);

    [Fact]
    public void Socket_mode_without_a_unix_address_is_refused() =>
        Assert.Contains("unix:", Assert.Throws<ArgumentException>(() => Apply("--socket-mode", "600")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("--tls-certificate", "FILE")]
    [InlineData("--tls-certificate", "FILE", "--tls-client-ca", "FILE")]
    [InlineData("--tls-certificate", "FILE", "--listen", "127.0.0.1:0,unix:s")]
    [InlineData("--tls-client-ca", "FILE")]
    [InlineData("--tls-key", "FILE")]
    [InlineData("--tls-key", "FILE", "--listen", "tls:127.0.0.1:0")]
    [InlineData("RYUSO_TLS_CERTIFICATE", "FILE")]
    [InlineData("RYUSO_TLS_CLIENT_CA", "FILE")]
    [InlineData("RYUSO_TLS_KEY", "FILE")]
    [InlineData("RYUSO_TLS_PASSWORD", "FILE")]
    public void Tls_options_that_would_have_no_effect_are_refused(params string[] options)
    {
        using X509Certificate2 certificate = Certificates.Make("localhost", issuer: null);
        string file = InFolder("c.pem");
        File.WriteAllText(file, $"{certificate.ExportCertificatePem()}\n{certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}");
        string[] given = [.. options.Select(option => option == "FILE" ? file : option)];
        ArgumentException refused = options[0].StartsWith("RYUSO", StringComparison.Ordinal)
            ? Assert.Throws<ArgumentException>(() => Apply(name => name == given[0] ? given[1] : null))
            : Assert.Throws<ArgumentException>(() => Apply(given));
        Assert.Contains("tls", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Tls_options_without_a_tls_address_exit_with_1()
    {
        using X509Certificate2 certificate = Certificates.Make("localhost", issuer: null);
        string file = InFolder("c.pem");
        await File.WriteAllTextAsync(file, $"{certificate.ExportCertificatePem()}\n{certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}", Cancel);
        (int exitCode, string error) = await ServerProcessHandle.FailAsync("--port", "0", "--tls-certificate", file, "--tls-client-ca", file);
        Assert.Equal(1, exitCode);
        Assert.StartsWith("TLS is configured, but the server would listen without it (127.0.0.1:0).", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:/tmp/LONG", "107 bytes")]
    [InlineData("tls:unix:/tmp/LONG", "107 bytes")]
    [InlineData("LONG.LONG.example:1", "255 characters")]
    public async Task Address_too_long_exits_with_1_and_words(string address, string words)
    {
        (int exitCode, string error) = await ServerProcessHandle.FailAsync("--listen", address.Replace("LONG", new string('a', 130), StringComparison.Ordinal));
        Assert.Equal((1, 1), (exitCode, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Contains(words, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Host_too_long_is_refused() =>
        Assert.Throws<FormatException>(() => Apply("--host", new string('a', 256)));

    [Fact]
    public async Task Key_file_unreadable_exits_with_1_and_words()
    {
        // A folder cannot be read as a file, not even by root.
        (int exitCode, string error) = await ServerProcessHandle.FailAsync("--listen", "tls:127.0.0.1:0", "--tls-certificate", _directory.FullName);
        Assert.Equal((1, 1), (exitCode, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Contains(_directory.FullName, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Few_descriptors_at_the_start_exit_with_1_and_words()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no such limit.");
        (int exitCode, string error) = await ServerProcessHandle.FailAsync(descriptors: 64, "--port", "0");
        Assert.Equal(1, exitCode);
        Assert.Contains("Raise the limit (ulimit -n)", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Token_file_gives_its_first_line_and_excludes_the_token_option()
    {
        File.WriteAllText(InFolder("t"), " secret\nsomething else");
        Assert.Equal("secret", Apply("--token-file", InFolder("t")).Token);
        Assert.Throws<ArgumentException>(() => Apply("--token-file", InFolder("t"), "--token", "x"));
        File.WriteAllText(InFolder("t"), "\nsecret");
        Assert.Throws<ArgumentException>(() => Apply("--token-file", InFolder("t")));
        Assert.Throws<FileNotFoundException>(() => Apply("--token-file", InFolder("missing")));
    }

    [Fact]
    public async Task Socket_filter_refused_does_not_disturb_the_stop()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has them.");
        var log = new TestLog();
        var options = new RyusoServerOptions { LoggerFactory = NullLoggerFactory.Instance };
        using var context = new ServerContext(Orchestrator, options.ToConnectionOptions(), tls: null, log);
        using Listener listener = Listener.Bind(new IPEndPoint(IPAddress.Loopback, 0), isTls: false, context);

        // SO_LOCK_FILTER: from now on the kernel refuses any filter.
        listener.Socket.SetRawSocketOption(1, 44, BitConverter.GetBytes(1));
        await listener.StopAsync();
        Assert.Contains("refused a socket filter", log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_of_a_user_without_rights_on_a_read_only_root_serves_and_stops_with_0()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("There is no other user to become.");
            return;
        }

        _directory.UnixFileMode |= UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        using ServerProcessHandle server = await ServerProcessHandle.StartUnprivilegedAsync(
            _directory.FullName, "--listen", "127.0.0.1:0", "--listen", "unix:" + InFolder("s"));
        Assert.Equal("{}", await PlainClient.AskAsync(server.EndPoint, """{"program":"add"}"""));
        server.Signal("HUP");
        Assert.Equal("{}", await PlainClient.AskAsync(server.EndPoint, """{"program":"add"}"""));
        server.Terminate();
        Assert.Equal((0, 2), await server.ExitAsync());
        Assert.False(File.Exists(InFolder("s")));
    }

    [Fact]
    public async Task Hang_up_signal_reads_the_certificate_again()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no such signal.");
        string file = InFolder("c.pem");
        string first = WriteCertificate(file);
        using ServerProcessHandle server = await ServerProcessHandle.StartAsync("--listen", "tls:127.0.0.1:0", "--tls-certificate", file);
        Assert.Equal(first, await ThumbprintAsync(server.EndPoint));
        await File.WriteAllTextAsync(file, "half a certificate", Cancel);
        server.Signal("HUP");
        Assert.Equal(first, await ThumbprintAsync(server.EndPoint));
        string second = WriteCertificate(file);
        server.Signal("HUP");
        long began = Stopwatch.GetTimestamp();
        while (await ThumbprintAsync(server.EndPoint) != second)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(2), "No new certificate. Does a parent such as nohup ignore SIGHUP?");
        }

        server.Terminate();
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);
    }

    private static string WriteCertificate(string file)
    {
        using X509Certificate2 certificate = Certificates.Make("localhost", issuer: null);
        File.WriteAllText(file, $"{certificate.ExportCertificatePem()}\n{certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}");
        return certificate.Thumbprint;
    }

    private static async Task<string> ThumbprintAsync(IPEndPoint server)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, Cancel);
#pragma warning disable CA5359 // The certificate is made for this test.
        await using var tls = new System.Net.Security.SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync("localhost");
        return tls.RemoteCertificate!.GetCertHashString();
    }

    private static RyusoServerOptions Apply(params string[] args) => Apply(args, _ => null);

    private static RyusoServerOptions Apply(Func<string, string?> variable) => Apply([], variable);

    private static RyusoServerOptions Apply(string[] args, Func<string, string?> variable)
    {
        var options = new RyusoServerOptions();
        CommandLine.Parse(args, variable).ApplyTo(options);
        options.Validate();
        return options;
    }

    private string InFolder(string name) => Path.Combine(_directory.FullName, name);
}
