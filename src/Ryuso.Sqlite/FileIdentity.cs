using System.Runtime.InteropServices;
using System.Text;

namespace Ryuso.Sqlite;

/// <summary>Which file stands behind a path: on Linux its inode and device, elsewhere only that one does (Windows lets nobody take away a file that is open).</summary>
internal sealed partial record FileIdentity(ulong Inode, ulong Device)
{
    private const int CurrentDirectory = -100;
    private const uint WantsInode = 0x100;

    private static readonly FileIdentity s_some = new(0, 0);

    // Older C libraries than glibc 2.28 do not have the call.
    private static readonly bool s_tellsApart = OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "statx", out _);

    // The C library is part of every process, whatever its file is called here.
    static FileIdentity() => NativeLibrary.SetDllImportResolver(
        typeof(FileIdentity).Assembly, static (name, _, _) => name == "libc" ? NativeLibrary.GetMainProgramHandle() : 0);

    /// <summary>Null where there is no such file.</summary>
    public static FileIdentity? Of(string path)
    {
        if (!s_tellsApart)
        {
            return File.Exists(path) ? s_some : null;
        }

        // Laid out alike on all machines: the inode after eight numbers of 32 bits, the device after thirty-four.
        Span<byte> facts = stackalloc byte[256];
        Span<byte> name = stackalloc byte[Encoding.UTF8.GetMaxByteCount(path.Length) + 1];
        name[Encoding.UTF8.GetBytes(path, name)] = 0;
        return Read(CurrentDirectory, name, 0, WantsInode, facts) == 0
            ? new FileIdentity(MemoryMarshal.Read<ulong>(facts[32..]), MemoryMarshal.Read<ulong>(facts[136..]))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int Read(int folder, ReadOnlySpan<byte> path, int flags, uint wanted, Span<byte> facts);
}
