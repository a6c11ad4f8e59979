using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Ryuso.Server.Hosting;
using Ryuso.TestKit;

namespace Ryuso.Tests.Server;

public sealed class ListenTests : ServedTests
{
    private const string Request = """{"id":1,"program":"echo","data_pool":{"text":"a"}}""";
    private static readonly string[] s_answer = ["""{"_id":1,"text":"a"}"""];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ryuso");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Server_listens_on_several_addresses_at_once()
    {
        string path = Path.Combine(_directory.FullName, "s");
        await StartAsync(o =>
        {
            o.Listen.Add("127.0.0.1:0");
            o.Listen.Add("[::1]:0");
            o.Listen.Add("unix:" + path);
        });
        foreach (EndPoint endPoint in Server.EndPoints)
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(endPoint, Cancel);
            await socket.SendAsync(Encoding.UTF8.GetBytes(Request), Cancel);
            Assert.Equal(s_answer, await ReadLinesAsync(socket, 1));
            await socket.SendAsync("""{"program":"echo"}"""u8.ToArray(), Cancel);
            Assert.Equal("""{"text":"none"}""", await ReadAsync(socket));
        }

        await Server.StopAsync(Cancel);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Unix_socket_of_a_killed_server_is_replaced_and_that_of_a_live_one_is_not()
    {
        string path = Path.Combine(_directory.FullName, "s");
        (await ServerProcessHandle.StartAsync("--listen", "unix:" + path)).Dispose();
        Assert.True(File.Exists(path), "The file of a socket outlives a server that is killed.");
        await StartAsync(o => o.Listen.Add("unix:" + path));
        var options = new RyusoServerOptions { LoggerFactory = NullLoggerFactory.Instance };
        options.Listen.Add("unix:" + path);
        await using (var rival = new RyusoServer(new TestOrchestrator(), options))
        {
            Assert.Equal(SocketError.AddressAlreadyInUse, (await Assert.ThrowsAsync<SocketException>(() => rival.StartAsync(Cancel))).SocketErrorCode);
        }

        using Socket socket = await SendAsync(Request);
        Assert.Equal(s_answer, await ReadLinesAsync(socket, 1));
    }

    [Fact]
    public async Task Tls_serves_kept_and_plain_requests_and_refuses_plain_text()
    {
        using X509Certificate2 certificate = Certificates.Make("localhost", issuer: null);
        await StartAsync(o =>
        {
            o.Listen.Add("tls:127.0.0.1:0");
            o.Tls = new SslServerAuthenticationOptions { ServerCertificate = certificate };
        });
        string large = new('x', 300_000);
        using (Socket socket = await ConnectAsync())
        await using (SslStream tls = await SecureAsync(socket, client: null))
        {
            await tls.WriteAsync(Encoding.UTF8.GetBytes(Request), Cancel);
            using var reader = new StreamReader(tls);
            Assert.Equal(s_answer[0], await reader.ReadLineAsync(Cancel));
            await tls.WriteAsync(Encoding.UTF8.GetBytes($$$"""{"program":"echo","data_pool":{"text":"{{{large}}}"}}"""), Cancel);
            Assert.Equal($$"""{"text":"{{large}}"}""", await reader.ReadToEndAsync(Cancel));
        }

        using Socket plain = await SendAsync(Request);
        plain.Shutdown(SocketShutdown.Send);
        await ReadAsync(plain);
    }

    [Fact]
    public async Task Client_without_the_required_certificate_is_not_served()
    {
        using X509Certificate2 authority = Certificates.Make("authority", issuer: null);
        using X509Certificate2 server = Certificates.Make("localhost", authority);
        using X509Certificate2 known = Certificates.Make("client", authority);
        using X509Certificate2 stranger = Certificates.Make("client", issuer: null);
        string File(string name, string text)
        {
            string path = Path.Combine(_directory.FullName, name);
            System.IO.File.WriteAllText(path, text);
            return path;
        }

        CommandLine line = CommandLine.Parse(
            [
                "--listen", "tls:127.0.0.1:0",
                "--tls-certificate", File("server.pem", server.ExportCertificatePem()),
                "--tls-key", File("key.pem", server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
                "--tls-client-ca", File("ca.pem", authority.ExportCertificatePem()),
            ],
            _ => null);
        await StartAsync(line.ApplyTo);
        using (Socket socket = await ConnectAsync())
        await using (SslStream tls = await SecureAsync(socket, known))
        {
            await tls.WriteAsync("""{"program":"echo"}"""u8.ToArray(), Cancel);
            using var reader = new StreamReader(tls);
            Assert.Equal("""{"text":"none"}""", await reader.ReadToEndAsync(Cancel));
        }

        foreach (X509Certificate2? wrong in new[] { null, stranger })
        {
            using Socket socket = await ConnectAsync();
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await using SslStream tls = await SecureAsync(socket, wrong);
                await tls.WriteAsync("""{"program":"echo"}"""u8.ToArray(), Cancel);
                if (await tls.ReadAsync(new byte[10], Cancel) == 0)
                {
                    throw new AuthenticationException();
                }
            });
        }
    }

    [Theory]
    [InlineData("chain.pem")]
    [InlineData("chain.pfx")]
    public async Task Client_that_trusts_only_the_authority_gets_the_intermediate_certificates(string file)
    {
        using X509Certificate2 authority = Certificates.Make("authority", issuer: null);
        using X509Certificate2 between = Certificates.Make("between", authority, signsOthers: true);
        using X509Certificate2 server = Certificates.Make("localhost", between);
        string path = Path.Combine(_directory.FullName, file);
        if (file.EndsWith("pfx", StringComparison.Ordinal))
        {
            await File.WriteAllBytesAsync(path, new X509Certificate2Collection { between, server }.Export(X509ContentType.Pfx)!, Cancel);
        }
        else
        {
            await File.WriteAllTextAsync(path, $"{server.ExportCertificatePem()}\n{between.ExportCertificatePem()}\n{server.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()}", Cancel);
        }

        await AssertServesTlsAsync(path, authority);
    }

    [Fact]
    public async Task Certificate_is_taken_from_the_users_store()
    {
        string name = $"ryuso-test-{Guid.NewGuid():N}";
        using X509Certificate2 made = Certificates.Make(name, issuer: null);
        using X509Certificate2 kept = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.PersistKeySet);
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser, OpenFlags.ReadWrite);
        store.Add(kept);
        try
        {
            await AssertServesTlsAsync("store:" + name, made);
        }
        finally
        {
            store.Remove(kept);
        }
    }

    private async Task AssertServesTlsAsync(string certificate, X509Certificate2 trusted)
    {
        await StartAsync(CommandLine.Parse(["--listen", "tls:127.0.0.1:0", "--tls-certificate", certificate], _ => null).ApplyTo);
        using Socket socket = await ConnectAsync();
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                CertificateChainPolicy = Certificates.Trusting(trusted),
                RemoteCertificateValidationCallback = (_, _, _, errors) => (errors & SslPolicyErrors.RemoteCertificateChainErrors) == 0,
            },
            Cancel);
        await tls.WriteAsync("""{"program":"echo"}"""u8.ToArray(), Cancel);
        using var reader = new StreamReader(tls);
        Assert.Equal("""{"text":"none"}""", await reader.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Servers_with_reuse_port_share_a_port()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux spreads clients over servers.");
        await StartAsync(o => o.ReusePort = true);
        var options = new RyusoServerOptions { Port = Server.EndPoint.Port, ReusePort = true, LoggerFactory = NullLoggerFactory.Instance };
        await using var other = new RyusoServer(new TestOrchestrator(), options);
        await other.StartAsync(Cancel);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("""{"text":"none"}""", await AskAsync("""{"program":"echo"}"""));
        }
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:x")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("::1:5")]
    [InlineData("unix:")]
    [InlineData(":5")]
    [InlineData("[]:5")]
    [InlineData("[::1:5")]
    [InlineData("::1]:5")]
    [InlineData("[[::1]]:5")]
    [InlineData("[localhost]:5")]
    [InlineData("[127.0.0.1]:5")]
    public void Address_malformed_is_refused_by_its_text(string address)
    {
        var options = new RyusoServerOptions();
        options.Listen.Add(address);
        Assert.Contains(address, Assert.Throws<FormatException>(() => new RyusoServer(new TestOrchestrator(), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_manager_is_notified_of_start_and_stop()
    {
        string path = Path.Combine(_directory.FullName, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", path);
        try
        {
            using ServerProcessHandle server = await ServerProcessHandle.StartAsync("--port", "0");
            byte[] buffer = new byte[64];
            Assert.Equal("READY=1", Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, Cancel)));
            server.Terminate();
            Assert.Equal("STOPPING=1", Encoding.UTF8.GetString(buffer, 0, await manager.ReceiveAsync(buffer, Cancel)));
            Assert.Equal(0, (await server.ExitAsync()).ExitCode);
        }
        finally
        {
            Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
        }
    }

    private static async Task<SslStream> SecureAsync(Socket socket, X509Certificate2? client)
    {
        var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ClientCertificates = client is null ? null : [client],
#pragma warning disable CA5359 // The certificate is made for this test.
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        }, Cancel);
        return tls;
    }
}
