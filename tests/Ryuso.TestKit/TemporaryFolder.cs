namespace Ryuso.TestKit;

/// <summary>A folder that is gone with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => FullPath = Directory.CreateTempSubdirectory("ryuso-").FullName;

    private TemporaryFolder(string parent) => FullPath = Directory.CreateDirectory(Path.Combine(parent, "ryuso-" + Guid.NewGuid().ToString("N"))).FullName;

    public string FullPath { get; }

    /// <summary>A folder in memory where the system has such: for tests of what a process loses, which a disk would only make slow.</summary>
    public static TemporaryFolder InMemory() => new(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath());

    public string File(string name) => Path.Combine(FullPath, name);

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
