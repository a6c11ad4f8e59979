using System.Text;

namespace Ryuso.Tests.Server;

public class RequestScannerTests
{
    public static TheoryData<string> Documents => new(
        "{}",
        " \r\n\t{\"program\":\"p\"}",
        "\uFEFF {\"a\":1}",
        "{\"a\":\"}{][\",\"b\":[{},[],{\"c\":null}]}",
        "{\"a\\\"}\":\"\\\\\",\"b\":\"\\\\\\\"}\",\"c\":\"\\u007d\"}",
        "{\"é\":\"日本{語\",\"n\":-1.5E+10,\"t\":true,\"f\":false}");

    [Theory]
    [MemberData(nameof(Documents))]
    public void A_document_ends_at_the_same_byte_however_it_is_split(string document)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(document), .. "}garbage{"u8];
        int end = bytes.Length - "}garbage{".Length;
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second++)
            {
                var scanner = new RequestScanner();
                ScanResult result = ScanResult.NeedMore;
                foreach (int length in new[] { first, second, bytes.Length })
                {
                    result = scanner.Scan(bytes.AsSpan(0, length));
                    Assert.Equal(length >= end ? ScanResult.Complete : ScanResult.NeedMore, result);
                    if (result == ScanResult.Complete)
                    {
                        break;
                    }
                }

                Assert.Equal(end, scanner.Length);
            }
        }
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("\"{}\"")]
    [InlineData(" 1")]
    [InlineData("\u00EF{}")]
    public void What_does_not_begin_with_a_brace_is_no_object(string document) =>
        Assert.Equal(ScanResult.NotAnObject, Scan(Encoding.UTF8.GetBytes(document)));

    [Fact]
    public void Half_a_byte_order_mark_is_no_object()
    {
        Assert.Equal(ScanResult.NotAnObject, Scan([0xEF, 0xBB, (byte)'{', (byte)'}']));
        Assert.Equal(ScanResult.NotAnObject, Scan([0xEF, (byte)'{', (byte)'}']));
        Assert.Equal(ScanResult.NeedMore, Scan([0xEF, 0xBB]));
    }

    [Theory]
    [InlineData(64, ScanResult.Complete)]
    [InlineData(65, ScanResult.TooDeep)]
    [InlineData(1000, ScanResult.TooDeep)]
    public void Sixty_four_levels_are_deep_enough(int depth, object expected)
    {
        string document = "{\"a\":" + new string('[', depth - 1) + new string(']', depth - 1) + "}";
        Assert.Equal(expected, Scan(Encoding.UTF8.GetBytes(document)));
    }

    [Theory]
    [InlineData("{\"a\":[}")]
    [InlineData("{]")]
    [InlineData("{hello")]
    [InlineData("{\"a\n")]
    [InlineData("{\"a\\\n")]
    public void What_cannot_become_JSON_any_more_is_not_waited_for(string document) =>
        Assert.Equal(ScanResult.Broken, Scan(Encoding.UTF8.GetBytes(document)));

    private static ScanResult Scan(byte[] bytes)
    {
        var scanner = new RequestScanner();
        return scanner.Scan(bytes);
    }
}
