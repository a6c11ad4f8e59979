using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Ryuso.Benchmarks.Serving;

/// <summary>
/// What one large request costs the others: a quick client asks while another sends the worst requests there are. For each: how long its
/// own answer takes, the quick client's p99 meanwhile beside its p99 alone, and by how much the server's memory grows at most.
/// </summary>
internal static class LargeRequests
{
    private const string Quick = """{"id":1,"program":"move","data_pool":{"from":"alice","to":"bob","amount":5,"rate":0.125,"urgent":true}}""";
    private const string Known = "\"from\":\"alice\",\"to\":\"bob\",\"amount\":5,\"rate\":0.125,\"urgent\":true,";

    public static void Run()
    {
        Print("alone", 0, TimeSpan.FromSeconds(1), null);
        foreach (int size in new[] { 1024 * 1024, (16 * 1024 * 1024) - 1024 })
        {
            Print("list of ints", size, default, Fill(size, "\"list\":[1", _ => ",1", "]}}"));
            Print("list of lists", size, default, Fill(size, "\"list\":[[]", _ => ",[]", "]}}"));
            Print("small objects", size, default, Fill(size, "\"list\":[{\"a\":1}", _ => ",{\"a\":1}", "]}}"));
            Print("keys of an object", size, default, Fill(size, "\"dict\":{\"k\":1", i => $",\"k{i}\":1", "}}}"));
            Print("escaped keys", size, default, Fill(size, "\"dict\":{\"k\":1", i => $",\"\\u0061{i}\":1", "}}}"));
            Print("variables", size, default, Fill(size, "\"v\":1", i => $",\"v{i}\":1", "}}"));
            Print("malformed at its end", size, default, Fill(size, "\"list\":[1", _ => ",1", "},}"));
            Print("wrong arguments", size, default, Fill(size, "\"list\":[1", _ => ",1", "]}}").Replace("\"amount\":5", "\"amount\":\"\"", StringComparison.Ordinal));
        }
    }

    private static string Fill(int size, string begin, Func<int, string> item, string end)
    {
        StringBuilder text = new StringBuilder("{\"program\":\"move\",\"data_pool\":{").Append(Known).Append(begin);
        for (int i = 0; text.Length < size - 32; i++)
        {
            text.Append(item(i));
        }

        return text.Append(end).ToString();
    }

    private static void Print(string name, int size, TimeSpan alone, string? request)
    {
        using var server = new ServerHandle(Contender.All[0]);
        using Socket quick = Connect(server.Port);
        byte[] ask = Encoding.UTF8.GetBytes(Quick);
        byte[] buffer = new byte[4096];
        for (int i = 0; i < 2000; i++)
        {
            Ask(quick, ask, buffer);
        }

        double cpu = server.Read().Cpu;
        long before = PeakBytes(server.Id);
        string answer = "";
        long began = Stopwatch.GetTimestamp();
        Task<TimeSpan> large = Task.Run(async () =>
        {
            if (request is null)
            {
                await Task.Delay(alone);
                return alone;
            }

            byte[] bytes = Encoding.UTF8.GetBytes(request);
            using Socket socket = Connect(server.Port);
            long from = Stopwatch.GetTimestamp();
            for (int sent = 0; sent < bytes.Length;)
            {
                sent += socket.Send(bytes.AsSpan(sent));
            }

            byte[] answered = new byte[300];
            answer = Encoding.UTF8.GetString(answered, 0, socket.Receive(answered));
            return Stopwatch.GetElapsedTime(from);
        });

        var times = new List<double>();
        while (!large.IsCompleted)
        {
            long asked = Stopwatch.GetTimestamp();
            Ask(quick, ask, buffer);
            times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }

        // What the quick client costs meanwhile is a few microseconds for each of its requests.
        cpu = (server.Read().Cpu - cpu) / 1000;
        times.Sort();
        double p99 = times.Count == 0 ? 0 : times[Math.Min(times.Count - 1, times.Count * 99 / 100)];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-22} {size / 1024.0 / 1024,5:F1} MiB: answered after {large.Result.TotalMilliseconds,6:F0} ms, server's CPU {cpu,6:F0} ms, quick client p99 {p99,6:F2} ms, longest {(times.Count == 0 ? 0 : times[^1]),6:F1} ms, memory +{(PeakBytes(server.Id) - before) / 1e6,5:F0} MB   {answer[..Math.Min(answer.Length, 60)]}"));
    }

    private static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect("127.0.0.1", port);
        return socket;
    }

    private static void Ask(Socket socket, byte[] request, byte[] buffer)
    {
        socket.Send(request);
        while (buffer[socket.Receive(buffer) - 1] != '\n')
        {
        }
    }

    private static long PeakBytes(int process) => 1024 * long.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))[6..].Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture);
}
