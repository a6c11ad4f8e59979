using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Ryuso.Benchmarks.Serving;

/// <summary>What one load gave.</summary>
/// <param name="Requests">How many were answered.</param>
/// <param name="Seconds">In how long.</param>
/// <param name="P50">Half of them took at most so many microseconds.</param>
/// <param name="P99">So many took 99 of 100.</param>
/// <param name="ClientCpu">Microseconds of the client's own CPU time for each.</param>
internal sealed record Load(long Requests, double Seconds, double P50, double P99, double ClientCpu)
{
    public double PerSecond => Requests / Seconds;
}

/// <summary>Two threads that share the connections and poll them: little work, so that the server is what is measured.</summary>
internal sealed class LoadClient(Contender contender, Mode mode, int port, int connections)
{
    private const int InFlight = 32;

    private readonly IPEndPoint _server = new(IPAddress.Loopback, port);
    private volatile bool _stop;

    public Load Run(TimeSpan duration)
    {
        int threads = Math.Min(2, connections);
        var waits = new List<float>[threads];
        var workers = new Thread[threads];
        Exception? failure = null;
        for (int i = 0; i < threads; i++)
        {
            int first = i * ((connections / threads) + 1);
            int share = (connections / threads) + (i < connections % threads ? 1 : 0);
            List<float> own = waits[i] = new List<float>(1 << 18);
            workers[i] = new Thread(() =>
            {
                try
                {
                    Work(first, share, own);
                }
#pragma warning disable CA1031 // It is thrown again where it can be seen.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    failure = exception;
                    _stop = true;
                }
            });
        }

        using var self = Process.GetCurrentProcess();
        TimeSpan cpu = self.TotalProcessorTime;
        long began = Stopwatch.GetTimestamp();
        Array.ForEach(workers, worker => worker.Start());
        while (!_stop && Stopwatch.GetElapsedTime(began) < duration)
        {
            workers[0].Join(TimeSpan.FromMilliseconds(20));
        }

        _stop = true;
        Array.ForEach(workers, worker => worker.Join());
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        self.Refresh();
        if (failure is not null)
        {
            throw new InvalidOperationException($"{contender.Name}, {mode}, {connections}: {failure.Message}", failure);
        }

        float[] all = [.. waits.SelectMany(w => w)];
        Array.Sort(all);
        long requests = (long)all.Length * (mode == Mode.Pipelined ? InFlight : 1);
        return new Load(requests, seconds, all[all.Length / 2], all[(int)(all.Length * 0.99)], (self.TotalProcessorTime - cpu).TotalMicroseconds / requests);
    }

    private void Work(int first, int count, List<float> waits)
    {
        byte[] buffer = new byte[256 * 1024];
        var clients = new Client[count];
        for (int i = 0; i < count; i++)
        {
            byte[] request = contender.Request(mode, first + i);
            clients[i] = new Client { Socket = Connect(), Sent = mode == Mode.Pipelined ? [.. Enumerable.Repeat(request, InFlight).SelectMany(r => r)] : request };
            clients[i].Send();
        }

        var ready = new List<Socket>(count);
        Dictionary<Socket, Client> bySocket = clients.ToDictionary(c => c.Socket);
        while (!_stop || waits.Count == 0)
        {
            if (count == 1)
            {
                Serve(clients[0]);
                continue;
            }

            ready.Clear();
            ready.AddRange(bySocket.Keys);
            Socket.Select(ready, null, null, 100_000);
            foreach (Socket socket in ready)
            {
                Client client = bySocket[socket];
                Serve(client);
                if (client.Socket != socket)
                {
                    bySocket.Remove(socket);
                    bySocket.Add(client.Socket, client);
                }
            }
        }

        Array.ForEach(clients, client => client.Socket.Dispose());

        void Serve(Client client)
        {
            int received = client.Socket.Receive(buffer);
            if (mode == Mode.OneShot)
            {
                client.Received += received;
                if (received == 0)
                {
                    if (client.Received < 20)
                    {
                        throw new InvalidOperationException("A connection ended without an answer.");
                    }

                    waits.Add((float)Stopwatch.GetElapsedTime(client.Began).TotalMicroseconds);
                    client.Socket.Dispose();
                    client.Socket = Connect();
                    client.Send();
                }

                return;
            }

            if (received == 0)
            {
                throw new InvalidOperationException("A kept connection was closed.");
            }

            client.Answered += Ends(buffer.AsSpan(0, received));
            if (client.Answered >= (mode == Mode.Pipelined ? InFlight : 1))
            {
                waits.Add((float)Stopwatch.GetElapsedTime(client.Began).TotalMicroseconds);
                client.Send();
            }
        }
    }

    /// <summary>How many answers end in what came. HTTP and RPC answers are known by a mark that each has once.</summary>
    private int Ends(ReadOnlySpan<byte> bytes) => contender.Wire switch
    {
        Wire.Json => bytes.Count((byte)'\n'),
        Wire.Http => bytes.Count("HTTP/1.1 200"u8),
        _ => bytes.Count("Content-Length:"u8),
    };

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(_server);
        return socket;
    }

    private sealed class Client
    {
        public required Socket Socket { get; set; }

        public long Began { get; private set; }

        public int Received { get; set; }

        public int Answered { get; set; }

        public required byte[] Sent { get; init; }

        public void Send()
        {
            Began = Stopwatch.GetTimestamp();
            Received = Answered = 0;
            Socket.Send(Sent);
        }
    }
}
