namespace Ryuso.Client;

/// <summary>
/// One request on one connection. It ends with the answer's bytes, with <see cref="ConnectionLostException"/>, or when its caller gives
/// up.
/// </summary>
/// <param name="id">The request's <c>id</c>, which its answer must begin with.</param>
/// <param name="request">The whole request with a newline at its end.</param>
/// <param name="place">Where to give back the place among those in flight; null where it took none.</param>
internal sealed class PendingCall(long id, ReadOnlyMemory<byte> request, SemaphoreSlim? place = null)
    : TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public long Id => id;

    public ReadOnlyMemory<byte> Request => request;

    /// <summary>When it was handed to the socket, so that the server may have it; 0 where it was not.</summary>
    public long WrittenAt { get; set; }

    public bool IsWritten => WrittenAt != 0;

    /// <summary>The connection has nothing more to do with it.</summary>
    public void Leave() => place?.Release();
}

/// <summary>A call's connection ended before its answer came.</summary>
internal sealed class ConnectionLostException(Exception reason, bool isFault) : Exception(reason.Message, reason)
{
    /// <summary>Whether this answer itself is why, so that asking again would end in the same way.</summary>
    public bool IsFault => isFault;
}
