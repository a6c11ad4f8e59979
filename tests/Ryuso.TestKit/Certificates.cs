using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ryuso.TestKit;

/// <summary>Certificates for one test.</summary>
internal static class Certificates
{
    /// <param name="name">Whose it is.</param>
    /// <param name="issuer">Who signs it; null for itself.</param>
    /// <param name="signsOthers">Whether it may sign others although it is signed itself.</param>
    public static X509Certificate2 Make(string name, X509Certificate2? issuer, bool signsOthers = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(issuer is null || signsOthers, false, 0, true));
        if (issuer is null)
        {
            return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(2));
        }

        using X509Certificate2 signed = request.Create(issuer, DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <summary>A policy that trusts one authority and nobody else.</summary>
    public static X509ChainPolicy Trusting(X509Certificate2 authority)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority);
        return policy;
    }
}
